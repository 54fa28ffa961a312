<?php
/**
 * A database drop-in that keeps the options in a file and has no other table:
 * enough for WordPress to start, and to show a page.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

// phpcs:disable
class Options_Only extends wpdb {
	private array $kept;

	public function __construct() {
		$this->kept = array_map(
			fn( $value ) => is_array( $value ) ? serialize( $value ) : $value,
			json_decode( file_get_contents( getenv( 'WP_OPTIONS' ) ), true )
		);
		$this->ready   = true;
		$this->charset = 'utf8mb4';
	}

	public function query( $sql ) {
		$this->last_result = array();
		$this->num_rows    = 0;
		$text              = "'((?:[^'\\\\]|\\\\.)*)'";
		if ( preg_match( "/^SELECT option_name, option_value FROM wp_options/", $sql ) ) {
			foreach ( $this->kept as $name => $value ) {
				$this->last_result[] = (object) array( 'option_name' => $name, 'option_value' => $value );
			}
		} elseif ( preg_match( "/^SELECT option_value FROM wp_options WHERE option_name = $text/", $sql, $m ) && isset( $this->kept[ $m[1] ] ) ) {
			$this->last_result[] = (object) array( 'option_value' => $this->kept[ $m[1] ] );
		} elseif ( preg_match( "/^SELECT autoload FROM wp_options WHERE option_name = $text/", $sql, $m ) && isset( $this->kept[ $m[1] ] ) ) {
			$this->last_result[] = (object) array( 'autoload' => 'yes' );
		} elseif ( preg_match( "/^SELECT option_name FROM wp_options WHERE option_name LIKE $text/", $this->remove_placeholder_escape( $sql ), $m ) ) {
			$start = stripslashes( stripslashes( rtrim( $m[1], '%' ) ) ); // quoted for LIKE, then for SQL
			foreach ( array_keys( $this->kept ) as $name ) {
				if ( str_starts_with( $name, $start ) ) {
					$this->last_result[] = (object) array( 'option_name' => $name );
				}
			}
		} elseif ( preg_match( "/^INSERT INTO `wp_options`.*VALUES \\($text, $text/s", $this->remove_placeholder_escape( $sql ), $m ) ) {
			return $this->keep( stripslashes( $m[1] ), stripslashes( $m[2] ) );
		}
		return $this->num_rows = count( $this->last_result );
	}

	public function update( $table, $data, $where, $format = null, $where_format = null ) {
		return 'wp_options' === $table ? $this->keep( $where['option_name'], $data['option_value'] ) : false;
	}

	private function keep( string $name, string $value ): int {
		$this->kept[ $name ] = $value;
		file_put_contents( getenv( 'WP_OPTIONS' ), json_encode( $this->kept ) );
		return 1;
	}

	public function delete( $table, $where, $where_format = null ) {
		unset( $this->kept[ $where['option_name'] ?? '' ] );
		file_put_contents( getenv( 'WP_OPTIONS' ), json_encode( $this->kept ) );
		return 1;
	}

	public function _real_escape( $string ) {
		return $this->add_placeholder_escape( addslashes( (string) $string ) );
	}

	public function db_version() {
		return '8.0';
	}

	public function get_col_length( $table, $column ) {
		return false;
	}

	public function strip_invalid_text_for_column( $table, $column, $value ) {
		return $value;
	}
}

$wpdb = new Options_Only();
