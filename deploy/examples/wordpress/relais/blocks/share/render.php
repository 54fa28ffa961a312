<?php
/**
 * Renders the block relais/share.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * @package Relais
 *
 * @var array $attributes The block's attributes.
 */

printf( '<div %s>%s</div>', get_block_wrapper_attributes(), \Relais\render( 'share', $attributes ) ); // phpcs:ignore WordPress.Security.EscapeOutput -- render() escapes.
