<?php
/**
 * Writes a page whose text, blocks and shortcodes, comes from standard input.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

// phpcs:disable
require __DIR__ . '/start.php';

$body = apply_filters( 'the_content', stream_get_contents( STDIN ) );
?><!doctype html>
<html <?php language_attributes(); ?>>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<?php wp_head(); ?>
</head>
<body>
<?php echo $body; wp_footer(); ?>
</body>
</html>
