// SPDX-License-Identifier: Apache-2.0

// What the elements that ask once have in common.

import { ask } from './ask';
import { h } from './dom';
import type { Mount } from './element';
import { type Params, type Settings, address } from './settings';

/**
 * An element that shows what one GET answers under a heading of that name. Nothing is shown until the answer is here,
 * nor where draw returns nothing, so that the page moves once at most.
 */
export function block<A>(name: 'latest' | 'related' | 'share', draw: (s: Settings, answer: A) => HTMLElement[]): Mount {
  return (s, root) => {
    const { get } = s;
    const abort = new AbortController();
    const { signal } = abort;
    const article = get('article');
    const path = name === 'latest' ? name : article && `${name}/${encodeURIComponent(article)}`;
    const params: Params = name === 'share' ? {} : { section: get('section'), limit: get('limit') || '5' };

    function show(answer: A): void {
      if (signal.aborted) return;
      const [first, ...rest] = draw(s, answer);
      const label = get('label') || s.t[name];
      const heading = get('heading') ?? label;
      if (first) {
        first.setAttribute('aria-label', heading || label);
        root.append(h('div', 'heading', { role: 'heading', 'aria-level': get('level') || 2, hidden: !heading }, heading), first, ...rest);
      }
      root.dataset.state = 'done';
    }

    if (path) {
      root.dataset.state = 'loading';
      ask<A>(address(s, `/v1/${path}`, params), signal).then(show).catch(() => {
        if (!signal.aborted) root.dataset.state = 'error';
      });
    }
    return () => abort.abort();
  };
}
