<?php
/**
 * The settings page: Settings → Relais.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * @package Relais
 */

namespace Relais;

defined( 'ABSPATH' ) || exit;

const OPTION = 'relais';

add_action( 'admin_menu', __NAMESPACE__ . '\add_page' );
add_action( 'admin_init', __NAMESPACE__ . '\add_fields' );

/**
 * Returns one setting: address (without a trailing slash), key or language.
 *
 * @param string $name Which.
 */
function option( string $name ): string {
	$all = get_option( OPTION );
	return is_array( $all ) && is_string( $all[ $name ] ?? null ) ? $all[ $name ] : '';
}

/**
 * Reports whether there is a relay to ask.
 */
function configured(): bool {
	return '' !== option( 'address' ) && '' !== option( 'key' );
}

/**
 * Returns the reader's language (BCP 47): the one set, else the site's.
 */
function language(): string {
	return option( 'language' ) ?: get_bloginfo( 'language' );
}

/**
 * Adds the page to the menu, for those who may change settings.
 */
function add_page(): void {
	add_options_page( 'Relais', 'Relais', 'manage_options', 'relais', __NAMESPACE__ . '\show_page' );
}

/**
 * Declares the option and its fields; the Settings API checks the nonce.
 */
function add_fields(): void {
	register_setting(
		'relais',
		OPTION,
		array(
			'type'              => 'array',
			'sanitize_callback' => __NAMESPACE__ . '\sanitize',
			'default'           => array(),
		)
	);
	add_settings_section( 'relais', '', '__return_false', 'relais' );
	$fields = array(
		'address'  => array( __( 'Address of the relay', 'relais' ), 'https://relais.example' ),
		'key'      => array( __( 'Publishable key', 'relais' ), 'pk_…' ),
		'language' => array( __( 'Language of the readers', 'relais' ), get_bloginfo( 'language' ) ),
	);
	foreach ( $fields as $name => list( $label, $example ) ) {
		$args = array(
			'name'      => $name,
			'example'   => $example,
			'label_for' => 'relais-' . $name,
		);
		add_settings_field( $name, $label, __NAMESPACE__ . '\show_field', 'relais', 'relais', $args );
	}
}

/**
 * Keeps what is valid and says what is not; what is not valid changes nothing.
 *
 * @param mixed $input What the form sent.
 */
function sanitize( $input ): array {
	$input = is_array( $input ) ? array_map( 'trim', array_filter( $input, 'is_string' ) ) : array();
	$rules = array(
		'address'  => array( '#^https?://[^/?\#\s@]+$#', __( 'The address is a scheme and a host, as in https://relais.example.', 'relais' ) ),
		'key'      => array( '/^pk_[A-Za-z0-9_-]{16,}$/', __( 'The key begins with pk_.', 'relais' ) ),
		'language' => array( '/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/', __( 'The language is a tag such as fr or fr-CA.', 'relais' ) ),
	);
	$kept  = array();
	foreach ( $rules as $name => list( $pattern, $complaint ) ) {
		$value = $input[ $name ] ?? '';
		if ( 'address' === $name ) {
			$value = untrailingslashit( esc_url_raw( $value, array( 'http', 'https' ) ) );
		}
		if ( '' === $value || preg_match( $pattern, $value ) ) {
			$kept[ $name ] = $value;
			continue;
		}
		$kept[ $name ] = option( $name );
		add_settings_error( OPTION, 'relais-' . $name, $complaint );
	}
	return $kept;
}

/**
 * Shows one field.
 *
 * @param array $args Its name, example and id.
 */
function show_field( array $args ): void {
	printf(
		'<input class="regular-text code" id="%s" name="%s" value="%s" placeholder="%s" autocomplete="off" spellcheck="false">',
		esc_attr( $args['label_for'] ),
		esc_attr( OPTION . '[' . $args['name'] . ']' ),
		esc_attr( option( $args['name'] ) ),
		esc_attr( $args['example'] )
	);
}

/**
 * Shows the page.
 */
function show_page(): void {
	if ( ! current_user_can( 'manage_options' ) ) {
		return;
	}
	echo '<div class="wrap"><h1>' . esc_html( get_admin_page_title() ) . '</h1><form method="post" action="options.php">';
	settings_fields( 'relais' );
	do_settings_sections( 'relais' );
	submit_button();
	echo '</form></div>';
}
