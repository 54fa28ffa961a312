// SPDX-License-Identifier: Apache-2.0

/** Types of the Relais widget: its elements, their attributes, events and words. */

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

/** The answer of /v1/search, /v1/latest and /v1/related. */
export interface Answer {
  query?: string;
  language?: string;
  total: number;
  hits: Hit[];
  /** By name, for those that were asked for; the most frequent first. */
  facets?: Record<string, { value: string; count: number }[]>;
  /** "Did you mean": set when the query found nothing as typed. */
  correction?: string | null;
}

/** One place to share to; copy and native have the bare short link. */
export interface Target {
  /** linkedin, x, mail …, copy or native: also the channel of the link. */
  network: string;
  /** What the control does, in the reader's language. */
  label: string;
  href: string;
}

/** The answer of /v1/share/{id}. */
export interface Bar {
  url: string;
  headline: string;
  targets: Target[];
}

/** An answer is shown. */
export interface SearchDetail {
  /** What was typed; empty for the newest articles of a results page. */
  query: string;
  total: number;
  language: string;
}

/** A reader opens the article at `position` (from 1). */
export interface OpenDetail {
  id: string;
  language: string;
  /** Absent where the article has no page. */
  url?: string;
  position: number;
}

/** A reader shares an article: by the link of the hit at `position`, or by a target of a share bar. */
export interface ShareDetail {
  id: string;
  language: string;
  url: string;
  position?: number;
  network?: string;
}

export type SearchEvent = CustomEvent<SearchDetail>;
export type OpenEvent = CustomEvent<OpenDetail>;
export type ShareEvent = CustomEvent<ShareDetail>;

/** The words of the interface: the attribute `strings` and `data-strings` may set each. `#` stands for a value. */
export interface Strings {
  /** Quotation marks: “#”. */
  quote: string;
  /** Names the box: Search articles. */
  label: string;
  /** Names the results: Results. */
  results: string;
  /** Counts, by the plural category of the language: No results, # result, # results. */
  none: string;
  one: string;
  two?: string;
  few?: string;
  many?: string;
  other: string;
  /** Between a count and the quoted query: for. */
  for: string;
  /** More results: the link to the results page, the button under a list. */
  more: string;
  /** The search failed; the count of the results that remain follows. */
  error: string;
  /** Before the quoted correction: Try. */
  suggest: string;
  /** Clear. */
  clear: string;
  /** Share this article: the heading of the share bar too. */
  share: string;
  /** Link copied. */
  copied: string;
  /** # min read. */
  minutes: string;
  /** Before a language: found in. */
  foundIn: string;
  /** Heading: More articles. */
  latest: string;
  /** Heading: Related articles. */
  related: string;
  /** Names of the facets. */
  section: string;
  language: string;
  year: string;
  person: string;
}

/** Attributes of every element. */
export interface Attributes {
  /** Publishable key, pk_…; absent: the script's data-key. */
  key?: string;
  /** The reader's language, BCP 47; absent: the script's data-lang, else the page's. */
  lang?: string;
  dir?: 'ltr' | 'rtl' | 'auto';
  /** The address of the API; absent: the script's data-api, else where it came from. */
  api?: string;
  theme?: 'auto' | 'light' | 'dark';
  /** JSON of Partial<Strings>. */
  strings?: string;
  label?: string;
}

export interface SearchAttributes extends Attributes {
  /** `page` shows the results under the box instead of in a popup. */
  mode?: 'popup' | 'page';
  /** Names of facets, by comma, of a results page; empty: none. */
  facets?: string;
  /** The address of the partner's results page. */
  results?: string;
  limit?: number | string;
  placeholder?: string;
}

export interface LatestAttributes extends Attributes {
  limit?: number | string;
  section?: string;
  /** Text of the heading; empty: none. */
  heading?: string;
  /** Level of the heading, 1 to 6; 2 when absent. */
  level?: number | string;
}

export interface RelatedAttributes extends LatestAttributes {
  article: string;
}

export interface ShareAttributes extends Attributes {
  article: string;
  heading?: string;
  level?: number | string;
}

/** What JSX takes. `key` is React's own there: the script's data-key gives it. */
type Jsx<A> = Omit<A, 'key'> & {
  key?: string | number | null;
  ref?: unknown;
  id?: string;
  class?: string;
  className?: string;
  style?: object;
  slot?: string;
  hidden?: boolean;
  children?: unknown;
};

/** The elements as JSX knows them. */
export interface RelaisElements {
  'relais-search': Jsx<SearchAttributes>;
  'relais-latest': Jsx<LatestAttributes>;
  'relais-related': Jsx<RelatedAttributes>;
  'relais-share': Jsx<ShareAttributes>;
}

declare global {
  interface HTMLElementTagNameMap {
    'relais-search': HTMLElement;
    'relais-latest': HTMLElement;
    'relais-related': HTMLElement;
    'relais-share': HTMLElement;
  }
  interface HTMLElementEventMap {
    'relais:search': SearchEvent;
    'relais:open': OpenEvent;
    'relais:share': ShareEvent;
  }
  namespace JSX {
    interface IntrinsicElements extends RelaisElements {}
  }
}
