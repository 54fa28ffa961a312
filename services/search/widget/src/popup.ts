// SPDX-License-Identifier: Apache-2.0

import type { Answer } from '../relais';
import { h, link } from './dom';
import { meta, opens, rich, share } from './hit';
import type { Settings } from './settings';

export type Popup = ReturnType<typeof popup>;

/**
 * What opens under the box: a listbox of articles and, in a second column of the same grid rows, a toolbar of their
 * share links. An option holds nothing interactive; each share link still stands beside its article.
 */
export function popup(s: Settings, input: HTMLInputElement) {
  const list = h('div', 'list', { role: 'listbox', id: 'list', 'aria-label': s.t.results });
  const tools = h('div', 'tools', { role: 'toolbar', 'aria-orientation': 'vertical', 'aria-label': s.t.share });
  const rows = h('div', 'rows', { hidden: true }, list, tools);
  let options: HTMLAnchorElement[] = [];
  let shares: (HTMLAnchorElement | null)[] = [];

  const self = {
    _nodes: [rows],
    _list: list,
    /** The row an arrow key has reached; -1 while the caret rules. */
    _active: -1,

    /** The share link of a row, if it has one. */
    _share: (row: number) => shares[row],

    /** Every share link there is, from the top. */
    _shares: () => shares.filter(a => a) as HTMLAnchorElement[],

    /** Makes a row active and its share link, else the first, the one stop of the toolbar in the tab order. */
    _mark(row: number): void {
      self._active = row;
      options.forEach((option, i) => option.setAttribute('aria-selected', `${i === row}`));
      const links = self._shares();
      for (const a of links) a.tabIndex = a === (shares[row] || links[0]) ? 0 : -1;
      if (row < 0) input.removeAttribute('aria-activedescendant');
      else input.setAttribute('aria-activedescendant', `o${row}`);
    },

    /** Moves the active row; outside the rows is back to the caret. */
    _move(to: number): void {
      const n = options.length;
      self._mark(to < -1 ? n - 1 : to < n ? to : -1);
      options[self._active]?.scrollIntoView({ block: 'nearest' });
    },

    /** Follows the active article. */
    _follow(newTab: boolean): void {
      const option = options[self._active];
      option.target = newTab ? '_blank' : '';
      option.click();
    },

    /** Replaces the rows with an answer. */
    _show({ hits }: Answer): void {
      options = hits.map((hit, i) => opens(s, hit, i + 1, h('a', 'hit', {
        role: 'option', id: `o${i}`, href: link(hit.url), tabindex: -1,
      }, rich(hit, 'headline'), rich(hit, 'excerpt'), meta(s, hit))));
      shares = hits.map((hit, i) => share(s, hit, i + 1));
      list.replaceChildren(...options);
      tools.replaceChildren(...shares.map(a => a || h('i', 'none')));
      tools.hidden = !self._shares()[0];
      rows.hidden = !hits.length;
      self._mark(-1);
    },
  };
  tools.addEventListener('focusin', e => self._mark(shares.indexOf(e.target as HTMLAnchorElement)));
  return self;
}
