<?php
/**
 * The elements of the widget, as blocks and shortcodes write them.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * @package Relais
 */

namespace Relais;

defined( 'ABSPATH' ) || exit;

/**
 * Attributes each element takes. Blocks and shortcodes share them, and nothing
 * else reaches the page.
 */
const ATTRIBUTES = array(
	'search'  => array( 'mode', 'results', 'facets', 'limit', 'label', 'placeholder', 'theme', 'lang' ),
	'latest'  => array( 'section', 'limit', 'heading', 'level', 'theme', 'lang' ),
	'related' => array( 'article', 'limit', 'heading', 'level', 'theme', 'lang' ),
	'share'   => array( 'article', 'heading', 'level', 'theme', 'lang' ),
);

/**
 * Renders [relais_search], [relais_latest], [relais_related], [relais_share]
 * and [relais_article].
 *
 * @param array|string $atts What the author wrote.
 * @param string|null  $text Between the tags; not used.
 * @param string       $tag  Which shortcode.
 */
function shortcode( $atts, $text, string $tag ): string {
	$html = render( substr( $tag, strlen( 'relais_' ) ), (array) $atts );
	// A paragraph that WordPress puts around a shortcode ends where a div begins.
	return '' === $html ? '' : '<div>' . $html . '</div>';
}

/**
 * Returns the HTML of a block or shortcode, and enqueues the script it needs.
 * Without settings it shows nothing to readers.
 *
 * @param string $name search, latest, related, share or article.
 * @param array  $atts Its attributes.
 */
function render( string $name, array $atts ): string {
	if ( ! configured() ) {
		return current_user_can( 'manage_options' ) ? '<p>' . esc_html__( 'Relais: fill in Settings → Relais.', 'relais' ) . '</p>' : '';
	}
	if ( 'article' === $name ) {
		return article( (string) ( $atts['id'] ?? '' ), (string) ( $atts['lang'] ?? '' ) );
	}
	if ( in_array( 'article', ATTRIBUTES[ $name ], true ) && empty( $atts['article'] ) ) {
		return '';
	}
	wp_enqueue_script( 'relais' );
	$written = '';
	foreach ( ATTRIBUTES[ $name ] as $attribute ) {
		$value = $atts[ $attribute ] ?? '';
		if ( is_scalar( $value ) && '' !== (string) $value ) {
			$written .= sprintf( ' %s="%s"', $attribute, 'results' === $attribute ? esc_url( $value ) : esc_attr( $value ) );
		}
	}
	return sprintf( '<relais-%1$s%2$s>%3$s</relais-%1$s>', $name, $written, without_javascript( $name ) );
}

/**
 * Returns what stands in an element where there is no JavaScript.
 *
 * @param string $name search, latest, related or share.
 */
function without_javascript( string $name ): string {
	if ( 'search' === $name ) {
		return sprintf(
			'<form action="%s"><input type="hidden" name="key" value="%s"><input type="hidden" name="lang" value="%s"><input type="search" name="q" aria-label="%s"> <button>%s</button></form>',
			esc_url( option( 'address' ) . '/search' ),
			esc_attr( option( 'key' ) ),
			esc_attr( language() ),
			esc_attr__( 'Search articles', 'relais' ),
			esc_html__( 'Search', 'relais' )
		);
	}
	if ( 'latest' === $name ) {
		$all = option( 'address' ) . '/search?key=' . rawurlencode( option( 'key' ) ) . '&lang=' . rawurlencode( language() );
		return sprintf( '<a href="%s">%s</a>', esc_url( $all ), esc_html__( 'All articles', 'relais' ) );
	}
	return '';
}
