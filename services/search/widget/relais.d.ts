// SPDX-License-Identifier: Apache-2.0

/** Types of the Relais widget: its elements, its events and what they carry. */

/** Plain text with highlights; a mark is [start, length] in UTF-16 code units. */
export interface Rich {
  text: string;
  marks?: [number, number][];
}

/** One article, in the best edition for the reader. */
export interface Hit {
  id: string;
  /** BCP 47 tag of the edition shown. */
  language: string;
  /** BCP 47 tag of the edition the words were found in. */
  matchedLanguage?: string;
  headline: Rich;
  excerpt?: Rich;
  url?: string;
  /** A short link that follows the article; absent where none exists. */
  shareUrl?: string;
  /** RFC 3339. */
  datePublished?: string;
  readingMinutes?: number;
  section?: string;
  people?: { name: string; role?: string; affiliation?: string; rel?: string }[];
  image?: { url: string; alt?: string; width?: number; height?: number };
  translations?: { language: string; url: string }[];
}

/** The answer of /v1/search and /v1/latest. */
export interface Answer {
  query?: string;
  language?: string;
  total?: number;
  hits: Hit[];
  /** "Did you mean": set when the query found nothing as typed. */
  correction?: string | null;
}

/** An answer has arrived. */
export interface SearchDetail {
  query: string;
  total: number;
  language: string;
}

/** A reader opens or shares the article at `position` (from 1). */
export interface HitDetail {
  id: string;
  language: string;
  url: string;
  position: number;
}

export type SearchEvent = CustomEvent<SearchDetail>;
export type HitEvent = CustomEvent<HitDetail>;

declare global {
  interface HTMLElementTagNameMap {
    'relais-search': HTMLElement;
    'relais-latest': HTMLElement;
  }
  interface HTMLElementEventMap {
    'relais:search': SearchEvent;
    'relais:open': HitEvent;
    'relais:share': HitEvent;
  }
}
