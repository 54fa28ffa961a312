<?php
/**
 * Writes what the plugin keeps of the settings on standard input.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

// phpcs:disable
require __DIR__ . '/start.php';

require_once ABSPATH . 'wp-admin/includes/template.php';
Relais\add_fields();
echo json_encode( sanitize_option( 'relais', json_decode( stream_get_contents( STDIN ), true ) ), JSON_UNESCAPED_SLASHES );
