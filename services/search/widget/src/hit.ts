// SPDX-License-Identifier: Apache-2.0

// One article as every element shows it.

import type { Hit, HitDetail } from '../relais';
import { h, icon, link, tell, write } from './dom';
import type { Settings } from './settings';
import { primary } from './strings';

const shareIcon = 'M12 15V4m0 0L8 8m4-4l4 4M5 13v5.5A1.5 1.5 0 0 0 6.5 20h11a1.5 1.5 0 0 0 1.5-1.5V13';

/** The headline, highlighted, in its own language and direction. */
export function headline(hit: Hit, id?: string): HTMLElement {
  return write(h('span', { part: 'headline', dir: 'auto', lang: hit.language, id }), hit.headline);
}

/** The passage that was found; null when there is none. */
export function excerpt(hit: Hit): HTMLElement | null {
  if (!hit.excerpt?.text) return null;
  return write(h('span', { part: 'excerpt', dir: 'auto', lang: hit.language }), hit.excerpt);
}

/** Section, date, reading time and, where it is not the reader's, the language. */
export function meta(s: Settings, hit: Hit, id?: string): HTMLElement {
  const date = new Date(hit.datePublished || NaN);
  const found = hit.matchedLanguage || hit.language;
  return h('span', { part: 'meta', id },
    hit.section && h('span', { part: 'section' }, hit.section),
    !isNaN(+date) && h('time', { part: 'date', datetime: hit.datePublished },
      new Intl.DateTimeFormat(s.locale, { dateStyle: 'medium' }).format(date)),
    !!hit.readingMinutes && h('span', { part: 'reading-time' }, hit.readingMinutes + s.t.minutes),
    differ(hit.language, s.lang || s.locale) && h('span', { part: 'language' }, name(s, hit.language)),
    differ(found, hit.language) && h('span', { part: 'found-in' }, `${s.t.foundIn} ${name(s, found)}`));
}

function differ(a: string, b: string): boolean {
  return primary(a) !== primary(b);
}

/** A language in the reader's words: "anglais". */
function name(s: Settings, tag: string): string {
  try {
    return new Intl.DisplayNames(s.locale, { type: 'language' }).of(tag) || tag;
  } catch {
    return tag;
  }
}

/** Makes a click on a link to the article tell relais:open; a listener may prevent the navigation. */
export function opens<E extends HTMLElement>(s: Settings, hit: Hit, position: number, anchor: E): E {
  anchor.addEventListener('click', e => {
    if (!tell(s.host, 'relais:open', detail(hit, position, hit.url))) e.preventDefault();
  });
  return anchor;
}

/**
 * The share link; null when the hit has none. A click tells relais:share, then a touch device opens its own share
 * sheet where it has one, and everything else follows the link.
 */
export function share(s: Settings, hit: Hit, position: number): HTMLAnchorElement | null {
  const href = link(hit.shareUrl);
  if (!href) return null;
  const label = `${s.t.share} ${s.t.quotes[0]}${hit.headline?.text}${s.t.quotes[1]}`;
  const anchor = h('a', { part: 'share', href, title: s.t.share, 'aria-label': label }, icon(shareIcon));
  anchor.addEventListener('click', e => {
    const sheet = !e.ctrlKey && !e.metaKey && 'share' in navigator && matchMedia('(pointer:coarse)').matches;
    if (!tell(s.host, 'relais:share', detail(hit, position, href))) return e.preventDefault();
    if (sheet) {
      e.preventDefault();
      navigator.share({ title: hit.headline.text, url: anchor.href }).catch(() => {});
    }
  });
  return anchor;
}

function detail(hit: Hit, position: number, url = ''): HitDetail {
  return { id: hit.id, language: hit.language, url, position };
}
