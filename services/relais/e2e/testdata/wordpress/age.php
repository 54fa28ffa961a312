<?php
/**
 * Makes every article that is kept as many seconds older as the argument says.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

// phpcs:disable
require __DIR__ . '/start.php';

foreach ( array_keys( json_decode( file_get_contents( getenv( 'WP_OPTIONS' ) ), true ) ) as $name ) {
	if ( str_starts_with( $name, '_transient_relais_' ) ) {
		$kept              = get_option( $name );
		$kept['asked']    -= (int) $argv[1];
		$kept['answered'] -= (int) $argv[1];
		update_option( $name, $kept );
	}
}
