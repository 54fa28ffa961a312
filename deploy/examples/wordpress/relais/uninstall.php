<?php
/**
 * Leaves nothing behind: neither the settings nor the articles that are kept.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * @package Relais
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

delete_option( 'relais' );

// An object cache that is not the database forgets its transients by itself.
global $wpdb;
$relais_kept = $wpdb->get_col(
	$wpdb->prepare( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE %s", $wpdb->esc_like( '_transient_relais_' ) . '%' )
);
foreach ( $relais_kept as $relais_name ) {
	delete_transient( substr( $relais_name, strlen( '_transient_' ) ) );
}
