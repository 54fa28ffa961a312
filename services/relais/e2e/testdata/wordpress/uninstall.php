<?php
/**
 * Removes the plugin as WordPress does, and writes the names of the options that are left.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

// phpcs:disable
require __DIR__ . '/start.php';

define( 'WP_UNINSTALL_PLUGIN', 'relais/relais.php' );
require WP_PLUGIN_DIR . '/relais/uninstall.php';
echo implode( ' ', array_keys( json_decode( file_get_contents( getenv( 'WP_OPTIONS' ) ), true ) ) );
