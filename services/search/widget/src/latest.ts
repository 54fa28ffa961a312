// SPDX-License-Identifier: Apache-2.0

import { ask } from './ask';
import { h, link } from './dom';
import { headline, meta, opens, share } from './hit';
import { type Settings, address } from './settings';

/** <relais-latest>: the newest articles, as a list of links. Nothing is shown until they are here. */
export function latest(s: Settings, root: HTMLElement): () => void {
  const abort = new AbortController();
  const { host } = s;
  const url = address(s, '/v1/latest', { section: host.getAttribute('section'), limit: s.limit || '5' });
  root.dataset.state = 'loading';
  ask(url, abort.signal).then(({ hits }) => {
    const list = h('ul', { part: 'list', 'aria-label': host.getAttribute('label') || s.t.latest });
    hits.forEach((hit, i) => list.append(h('li', { class: 'row' },
      opens(s, hit, i + 1, h('a', { part: 'hit', href: link(hit.url) }, headline(hit), meta(s, hit))),
      share(s, hit, i + 1))));
    if (hits.length) root.append(list);
    root.dataset.state = 'done';
  }).catch(() => {
    if (!abort.signal.aborted) root.dataset.state = 'error';
  });
  return () => abort.abort();
}
