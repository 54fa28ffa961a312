// SPDX-License-Identifier: Apache-2.0

import { type Strings, strings } from './strings';

/** What one element works with: its own attributes, else the script's data-*. */
export interface Settings {
  host: HTMLElement;
  /** Where the API lives, without a trailing slash. */
  api: string;
  key: string;
  /** The reader's language as asked for; may be empty. */
  lang: string;
  /** The language of the interface, known to Intl. */
  locale: string;
  t: Strings;
  limit: string | null;
}

const script = (document.currentScript ||
  document.querySelector('script[data-key][src*="/widget/v1"]')) as HTMLScriptElement | null;

/** The script is {api}/widget/v1.js, so its own address says where the API is. */
const home = script ? new URL('..', script.src).href : '';

/** Reads the settings of an element. */
export function settings(host: HTMLElement): Settings {
  const data = script ? script.dataset : {};
  const lang = host.getAttribute('lang') || data.lang || document.documentElement.lang;
  const [locale, t] = strings(lang);
  return {
    host,
    api: (host.getAttribute('api') || data.api || home).replace(/\/+$/, ''),
    key: host.getAttribute('key') || data.key || '',
    lang,
    locale,
    t,
    limit: host.getAttribute('limit'),
  };
}

/** An address of the API with the key, the language and the parameters that are not empty. */
export function address(s: Settings, path: string, params: Record<string, string | null>): string {
  const query = new URLSearchParams();
  const all: Record<string, string | null> = { ...params, lang: s.lang, key: s.key };
  for (const name in all) if (all[name]) query.set(name, all[name]!);
  return `${s.api}${path}?${query}`;
}
