<?php
/**
 * Plugin Name:       Relais
 * Description:       Search box, latest and related articles, share bar and articles of a Relais newsroom, as blocks and shortcodes.
 * Version:           1.0.0
 * Requires at least: 6.1
 * Requires PHP:      7.4
 * License:           Apache-2.0
 * License URI:       https://www.apache.org/licenses/LICENSE-2.0
 * Text Domain:       relais
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * @package Relais
 */

namespace Relais;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/includes/settings.php';
require_once __DIR__ . '/includes/elements.php';
require_once __DIR__ . '/includes/article.php';

add_action( 'init', __NAMESPACE__ . '\register' );
add_filter( 'script_loader_tag', __NAMESPACE__ . '\script_tag', 10, 2 );

/**
 * Registers the scripts, the blocks and the shortcodes.
 */
function register(): void {
	load_plugin_textdomain( 'relais', false, dirname( plugin_basename( __FILE__ ) ) . '/languages' );
	// No version in the address: /widget/v1.js says itself how long it may be kept.
	wp_register_script( 'relais', option( 'address' ) . '/widget/v1.js', array(), null, false ); // phpcs:ignore WordPress.WP.EnqueuedResourceParameters
	wp_register_script(
		'relais-editor',
		plugins_url( 'editor.js', __FILE__ ),
		array( 'wp-blocks', 'wp-block-editor', 'wp-components', 'wp-element', 'wp-server-side-render' ),
		'1.0.0',
		true
	);
	wp_localize_script( 'relais-editor', 'relaisLabels', editor_labels() );
	foreach ( array( 'search', 'latest', 'related', 'share', 'article' ) as $name ) {
		register_block_type( __DIR__ . '/blocks/' . $name );
		add_shortcode( 'relais_' . $name, __NAMESPACE__ . '\shortcode' );
	}
}

/**
 * Gives the script of the widget what it needs to know. It is loaded only on
 * pages that show an element: whatever renders one enqueues it.
 *
 * @param string $tag    The script element.
 * @param string $handle The script's name.
 */
function script_tag( string $tag, string $handle ): string {
	if ( 'relais' !== $handle ) {
		return $tag;
	}
	$data = sprintf( '<script async data-key="%s" data-lang="%s" ', esc_attr( option( 'key' ) ), esc_attr( language() ) );
	return str_replace( '<script ', $data, $tag );
}

/**
 * Names the attributes of the blocks for the editor.
 */
function editor_labels(): array {
	return array(
		'article'     => __( 'Identifier of the article', 'relais' ),
		'facets'      => __( 'Filters of the results page', 'relais' ),
		'heading'     => __( 'Heading, if not the usual one', 'relais' ),
		'id'          => __( 'Identifier of the article', 'relais' ),
		'label'       => __( 'Label above the box', 'relais' ),
		'lang'        => __( 'Language, if not the site’s', 'relais' ),
		'level'       => __( 'Level of the heading, 2 if empty', 'relais' ),
		'limit'       => __( 'How many', 'relais' ),
		'mode'        => __( '“page” shows the results in the page', 'relais' ),
		'placeholder' => __( 'Placeholder', 'relais' ),
		'results'     => __( 'Address of the results page', 'relais' ),
		'section'     => __( 'Section', 'relais' ),
		'theme'       => __( '“light” or “dark”; empty: as the reader’s system', 'relais' ),
	);
}
