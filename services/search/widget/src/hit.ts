// SPDX-License-Identifier: Apache-2.0

// One article as every element shows it.

import type { Hit } from '../relais';
import { clicked, h, link, tell, write } from './dom';
import type { Settings } from './settings';
import { fill, primary } from './strings';

/** A text of the article, highlighted, in its own language and direction; null when there is none. */
export function rich(hit: Hit, name: 'headline' | 'excerpt', id?: string): HTMLElement | null {
  const text = hit[name];
  return text?.text ? write(h('span', name, { dir: 'auto', lang: hit.language, id }), text) : null;
}

/** Section, date, reading time and, where it is not the reader's, the language. */
export function meta(s: Settings, { section, datePublished, readingMinutes, language, matchedLanguage }: Hit, id?: string): HTMLElement {
  const found = matchedLanguage || language;
  const facts = [
    section && h('span', 'section', {}, section),
    datePublished && h('time', 'date', { datetime: datePublished },
      new Intl.DateTimeFormat(s.locale, { dateStyle: 'medium' }).format(new Date(datePublished))),
    readingMinutes && h('span', 'reading-time', {}, fill(s.t.minutes, readingMinutes)),
    differ(language, s.lang || s.locale) && h('span', 'language', {}, named(s, language)),
    differ(found, language) && h('span', 'found-in', {}, `${s.t.foundIn} ${named(s, found)}`),
  ];
  return h('span', 'meta', { id }, ...facts.flatMap(fact => (fact ? [' · ', fact] : [])).slice(1));
}

function differ(a: string, b: string): boolean {
  return primary(a) !== primary(b);
}

/** A language in the reader's words: "anglais". */
export function named(s: Settings, tag: string): string {
  return new Intl.DisplayNames(s.locale, { type: 'language' }).of(tag)!;
}

/** Articles as items of a list of links, at positions from the one given on. */
export function items(s: Settings, hits: Hit[], position = 1, passage?: boolean): HTMLElement[] {
  return hits.map((hit, i) => h('li', 'row', {},
    h('div', 'body', {},
      opens(s, hit, position + i, h('a', 'hit', { href: link(hit.url) }, rich(hit, 'headline'))),
      passage && rich(hit, 'excerpt'),
      meta(s, hit)),
    share(s, hit, position + i)));
}

/** Makes a click on a link to the article tell relais:open; a listener may prevent the navigation. */
export function opens<E extends HTMLElement>(s: Settings, { id, language, url }: Hit, position: number, anchor: E): E {
  return clicked(anchor, () => tell(s.host, 'relais:open', { id, language, url, position }));
}

/**
 * The share link; null when the hit has none. A click tells relais:share, then the device opens its share sheet where it
 * has one, else the browser follows the link.
 */
export function share(s: Settings, { id, language, headline, shareUrl }: Hit, position: number): HTMLAnchorElement | null {
  const url = link(shareUrl);
  const label = `${s.t.share} ${fill(s.t.quote, headline.text)}`;
  return url ? clicked(h('a', 'share', { href: url, title: s.t.share, 'aria-label': label }), () =>
    tell(s.host, 'relais:share', { id, language, url, position }) && !hand(headline.text, url)) : null;
}

/** Hands a link to the share sheet of the device; false where it has none. */
export function hand(title: string, url: string): boolean {
  const sheet = navigator.canShare?.({ url });
  if (sheet) navigator.share({ title, url }).catch(() => {}); // the reader has changed their mind
  return sheet;
}
