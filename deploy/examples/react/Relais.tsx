// SPDX-License-Identifier: Apache-2.0
'use client';

// Relais for React 18 and 19: <Relais> once near the root, the elements below it. Copy relais.d.ts beside this file.

import { createContext, createElement, useContext, useEffect, useRef, type ReactNode } from 'react';
import type {
  LatestAttributes, OpenEvent, RelatedAttributes, SearchAttributes, SearchEvent, ShareAttributes, ShareEvent,
} from './relais';

interface Service {
  /** Address of the relay, such as https://relais.example. */
  address: string;
  /** The publishable key, pk_…; React keeps "key" for itself. */
  siteKey: string;
  /** The reader's language (BCP 47); may change. */
  lang: string;
}

const Context = createContext<Service | null>(null);

/** Loads the script of the widget, once for the life of the page. */
export function Relais({ children, address, siteKey, lang }: Service & { children: ReactNode }) {
  useEffect(() => load(address, siteKey, lang), [address, siteKey]);
  return createElement(Context.Provider, { value: { address, siteKey, lang } }, children);
}

/** The script says once what holds for every element. */
type Props<A> = Omit<A, 'key' | 'api'>;

interface Events {
  /** An answer is shown. */
  onSearch?: (event: SearchEvent) => void;
  /** A reader opens an article; event.preventDefault() leaves the navigation to your router. */
  onOpen?: (event: OpenEvent) => void;
  /** A reader shares an article; event.preventDefault() keeps the widget from doing it. */
  onShare?: (event: ShareEvent) => void;
}

export type SearchProps = Props<SearchAttributes> & Events;
export type LatestProps = Props<LatestAttributes> & Pick<Events, 'onOpen' | 'onShare'>;
export type RelatedProps = Props<RelatedAttributes> & Pick<Events, 'onOpen' | 'onShare'>;
export type ShareProps = Props<ShareAttributes> & Pick<Events, 'onShare'>;

/** The search box. A form to the results page of the relay serves readers without JavaScript. */
export function RelaisSearch(props: SearchProps) {
  const { address, siteKey, lang } = useService();
  return useElement('relais-search', props,
    createElement('form', { action: `${address}/search` },
      createElement('input', { type: 'hidden', name: 'key', value: siteKey }),
      createElement('input', { type: 'hidden', name: 'lang', value: props.lang ?? lang }),
      createElement('input', { type: 'search', name: 'q', 'aria-label': props.label ?? props.placeholder ?? 'Relais' })));
}

/** The newest articles. */
export function RelaisLatest(props: LatestProps) {
  return useElement('relais-latest', props);
}

/** The articles nearest to one. */
export function RelaisRelated(props: RelatedProps) {
  return useElement('relais-related', props);
}

/** The share bar of an article. */
export function RelaisShare(props: ShareProps) {
  return useElement('relais-share', props);
}

function useService(): Service {
  const service = useContext(Context);
  if (!service) throw new Error('Relais: the elements stand in <Relais>');
  return service;
}

/** Draws an element; React 18 has no props for the events of custom elements, so they are listened to. */
function useElement(name: string, { onSearch, onOpen, onShare, ...attributes }: Events, fallback?: ReactNode) {
  const { lang } = useService();
  const element = useRef<HTMLElement>(null);
  const latest = useRef<Events>({});
  useEffect(() => {
    latest.current = { onSearch, onOpen, onShare };
  });
  useEffect(() => {
    const node = element.current!;
    const stop = new AbortController();
    node.addEventListener('relais:search', event => latest.current.onSearch?.(event), stop);
    node.addEventListener('relais:open', event => latest.current.onOpen?.(event), stop);
    node.addEventListener('relais:share', event => latest.current.onShare?.(event), stop);
    return () => stop.abort();
  }, []);
  return createElement(name, { lang, ...attributes, ref: element }, fallback);
}

interface Policies {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

/** Adds the script, unless it is there: put in the page by hand, or by an earlier mount. */
function load(address: string, siteKey: string, lang: string): void {
  const src = `${address}/widget/v1.js`;
  if ([...document.scripts].some(script => script.src === src)) return;
  const { trustedTypes } = window as { trustedTypes?: Policies };
  const script = document.createElement('script');
  script.async = true;
  script.dataset.key = siteKey;
  script.dataset.lang = lang;
  script.src = trustedTypes ? trustedTypes.createPolicy('relais', { createScriptURL: url => url }).createScriptURL(src) : src;
  document.head.append(script);
}
