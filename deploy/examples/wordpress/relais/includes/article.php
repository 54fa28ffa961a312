<?php
/**
 * Whole articles in the page itself: readable without JavaScript, and by crawlers.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * @package Relais
 */

namespace Relais;

defined( 'ABSPATH' ) || exit;

/** What is asked of /v1/content: the article element alone, as HTML. */
const CONTENT = array(
	'format' => 'html',
	'part'   => 'article',
);

/** Seconds until the relay is asked again; it answers 304 when nothing has changed. */
const FRESH = 60;

/**
 * Seconds an article is shown while the relay does not answer. A withdrawn
 * article stays on the page that long at most, so keep it short.
 */
const STALE = 10 * MINUTE_IN_SECONDS;

/**
 * Returns an article's HTML; nothing when it is unknown, withheld or withdrawn.
 *
 * @param string $id   The article.
 * @param string $lang The edition (BCP 47); empty: the best one for the site's language.
 */
function article( string $id, string $lang = '' ): string {
	if ( ! preg_match( '/^[a-z0-9][a-z0-9-]{0,127}$/', $id ) ) {
		return '';
	}
	$query = array( 'key' => option( 'key' ), 'lang' => $lang ?: language() ) + CONTENT;
	$url   = add_query_arg( array_map( 'rawurlencode', $query ), option( 'address' ) . '/v1/content/' . $id );
	$name  = 'relais_' . md5( $url );
	$kept  = get_transient( $name );
	$kept  = is_array( $kept ) ? $kept : array();
	if ( isset( $kept['asked'] ) && time() - $kept['asked'] < FRESH ) {
		return safe( $kept['html'] );
	}
	$kept = revalidate( $url, $kept );
	set_transient( $name, $kept, STALE );
	return safe( $kept['html'] );
}

/**
 * Lets through what a post may hold, and what the article says to search
 * engines: JSON-LD, written anew.
 *
 * @param string $html The article element.
 */
function safe( string $html ): string {
	$script  = '#<script\b[^>]*\btype="application/ld\+json"[^>]*>(.*?)</script>#s';
	$data    = preg_match( $script, $html, $found ) ? json_decode( $found[1], true ) : null;
	$allowed = wp_kses_allowed_html( 'post' );
	foreach ( array( 'bdi' => array(), 'time' => array( 'datetime' => true ) ) as $tag => $attributes ) {
		$allowed[ $tag ] = $attributes + array( 'class' => true, 'dir' => true, 'lang' => true );
	}
	$safe = wp_kses( preg_replace( $script, '', $html ), $allowed );
	if ( is_array( $data ) ) {
		$safe .= '<script type="application/ld+json">' . wp_json_encode( $data, JSON_HEX_TAG | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE ) . '</script>';
	}
	return $safe;
}

/**
 * Asks the relay whether what is kept still holds.
 *
 * @param string $url  What to ask.
 * @param array  $kept html, etag, asked and answered (Unix times); empty: nothing yet.
 */
function revalidate( string $url, array $kept ): array {
	$headers  = empty( $kept['etag'] ) ? array() : array( 'If-None-Match' => $kept['etag'] );
	$response = wp_remote_get( $url, array( 'headers' => $headers, 'timeout' => 3 ) );
	$now      = time();
	$status   = is_wp_error( $response ) ? 0 : wp_remote_retrieve_response_code( $response );
	if ( 304 === $status && isset( $kept['html'] ) ) {
		return array( 'asked' => $now, 'answered' => $now ) + $kept;
	}
	if ( 200 === $status ) {
		return array(
			'html'     => wp_remote_retrieve_body( $response ),
			'etag'     => (string) wp_remote_retrieve_header( $response, 'etag' ),
			'asked'    => $now,
			'answered' => $now,
		);
	}
	// 404 and 410 are answers: show it no more. All else is silence, for a while.
	$silent = 0 === $status || 429 === $status || $status >= 500;
	if ( $silent && isset( $kept['html'] ) && $now - $kept['answered'] < STALE ) {
		return array( 'asked' => $now ) + $kept;
	}
	return array( 'html' => '', 'etag' => '', 'asked' => $now, 'answered' => $now );
}
