// SPDX-License-Identifier: Apache-2.0

import type { Strings } from '../relais';
import { strings } from './strings';

/** What one element works with: its own attributes, else the script's data-*. */
export interface Settings {
  host: HTMLElement;
  /** Where the API lives, without a trailing slash. */
  api: string;
  /** The reader's language as asked for; may be empty. */
  lang: string;
  /** The language of the interface, known to Intl. */
  locale: string;
  t: Strings;
  /** An attribute of the element, else of the script as data-*; null when neither has it. */
  get: (name: string) => string | null;
}

/** Parameters of an address; what is empty is left out. */
export type Params = Record<string, string | string[] | null>;

const script = document.currentScript as HTMLScriptElement | null;

/** The script is {api}/widget/v1.js, so its own address says where the API is. */
const home = script ? new URL('..', script.src).href : '';

/** Reads the settings of an element. */
export function settings(host: HTMLElement): Settings {
  const get = (name: string) => host.getAttribute(name) ?? script?.dataset[name] ?? null;
  const lang = get('lang') || document.documentElement.lang;
  const [locale, t] = strings(lang, get('strings'));
  return { host, get, api: (get('api') || home).replace(/\/+$/, ''), lang, locale, t };
}

/** An address of the API with the parameters that are not empty, the language and the key. */
export function address(s: Settings, path: string, params: Params): string {
  const query = new URLSearchParams();
  const all: Params = { ...params, lang: s.lang, key: s.get('key') };
  for (const name in all) for (const value of [all[name]].flat()) if (value) query.append(name, value);
  return `${s.api}${path}?${query}`;
}

/** Where a search leads when the widget does not show it: the partner's results page, else the one of Relais. */
export function resultsPage(s: Settings): URL {
  return new URL(s.get('results') || address(s, '/search', {}), document.baseURI);
}
