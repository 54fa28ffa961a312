<?php
/**
 * Starts the WordPress in the folder WP_HOME.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

// phpcs:disable
// What PHP finds fault with in the plugin is told; WordPress has its own.
set_error_handler(
	function ( $level, $message, $file, $line ) {
		if ( strpos( $file, '/relais/' ) ) {
			fwrite( STDERR, "$message in $file:$line\n" );
		}
		return true;
	}
);
define( 'ABSPATH', rtrim( getenv( 'WP_HOME' ), '/' ) . '/' );
define( 'WP_DEBUG', false );
define( 'DISABLE_WP_CRON', true );
define( 'DB_NAME', '' );
define( 'DB_USER', '' );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', '' );
foreach ( array( 'AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE' ) as $name ) {
	define( $name . '_KEY', $name );
	define( $name . '_SALT', $name );
}
$_SERVER += array( 'HTTP_HOST' => 'localhost', 'REQUEST_URI' => '/', 'SERVER_PROTOCOL' => 'HTTP/1.1', 'REQUEST_METHOD' => 'GET' );
$table_prefix = 'wp_';
require ABSPATH . 'wp-settings.php';
