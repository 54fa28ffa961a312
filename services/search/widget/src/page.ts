// SPDX-License-Identifier: Apache-2.0

import type { Answer } from '../relais';
import { button, h } from './dom';
import { items, named } from './hit';
import type { Settings } from './settings';

const most = 5; // values shown of one facet

/** What stands under the box of a results page: facets, and articles as a list of links. */
export function page(s: Settings, ask: (offset?: number) => void) {
  const names = (s.get('facets') ?? 'section,language,year,person').split(/[ ,]+/).filter(name => name) as
    ('section' | 'language' | 'year' | 'person')[];
  const chosen: Record<string, Set<string>> = {};
  const list = h('ul', 'list', { role: 'list' });
  const facets = h('div', 'facets');
  for (const name of names) chosen[name] = new Set();

  /** A button that filters by a value. */
  function toggle(name: string, value: string, count: number | ''): HTMLElement {
    const set = chosen[name];
    return button('toggle', { id: name + encodeURI(value), 'aria-pressed': `${set.has(value)}` }, () => {
      set.delete(value) || set.add(value);
      ask();
    }, name === 'language' ? named(s, value) : value, h('small', 'number', {}, ` ${count}`));
  }

  /** Shows the values of each facet, those that are chosen always; the focus stays where it was. */
  function narrow(answer: Answer): void {
    const root = facets.getRootNode() as ShadowRoot;
    const focused = root.activeElement;
    facets.replaceChildren(...names.map(name => {
      const values = new Map<string, number | ''>((answer.facets?.[name] || []).slice(0, most).map(f => [f.value, f.count]));
      for (const value of chosen[name]) if (!values.has(value)) values.set(value, '');
      return h('fieldset', 'facet', { hidden: !values.size }, h('legend', 'legend', {}, s.t[name]),
        ...[...values].map(([value, count]) => toggle(name, value, count)));
    }));
    if (focused?.id) root.getElementById(focused.id)?.focus();
  }

  return {
    _nodes: [facets, list],

    /** What narrows the search. */
    _params(): Record<string, string[]> {
      const { language: languages = new Set<string>(), ...rest } = chosen;
      const params: Record<string, string[]> = { facets: [names.join()], languages: [...languages] };
      for (const name in rest) params[name] = [...rest[name]];
      return params;
    },

    /** Draws an answer, after the articles already there where offset is not 0. */
    _show(answer: Answer, offset: number): void {
      const rows = items(s, answer.hits, offset + 1, true);
      if (!offset) {
        list.replaceChildren();
        narrow(answer);
      }
      list.append(...rows);
      if (offset) rows[0]?.querySelector('a')!.focus();
    },
  };
}
