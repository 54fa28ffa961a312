// SPDX-License-Identifier: Apache-2.0

/* The blocks in the editor: what the server renders, and a field for each
   attribute of block.json, labelled by editor_labels() in PHP. Plain JavaScript: there is nothing to build. */
( ( { blocks, blockEditor, components, element, serverSideRender } ) => {
	const { createElement: el, Fragment } = element;
	const labels = window.relaisLabels;
	for ( const name of [ 'search', 'latest', 'related', 'share', 'article' ] ) {
		blocks.registerBlockType( `relais/${ name }`, {
			edit( { attributes, setAttributes } ) {
				const fields = Object.keys( blocks.getBlockType( `relais/${ name }` ).attributes )
					.filter( ( attribute ) => attribute in labels )
					.map( ( attribute ) => el( components.TextControl, {
						key: attribute,
						label: labels[ attribute ],
						value: attributes[ attribute ] || '',
						onChange: ( value ) => setAttributes( { [ attribute ]: value } ),
					} ) );
				return el( Fragment, null,
					el( blockEditor.InspectorControls, null, el( components.PanelBody, { title: 'Relais' }, fields ) ),
					el( 'div', blockEditor.useBlockProps(), name === 'article' && attributes.id
						? el( serverSideRender, { block: 'relais/article', attributes } )
						: el( components.Placeholder, { label: blocks.getBlockType( `relais/${ name }` ).title } ) ) );
			},
			save: () => null,
		} );
	}
} )( window.wp );
