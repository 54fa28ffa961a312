// SPDX-License-Identifier: Apache-2.0

import type { Answer } from '../relais';
import { h, link } from './dom';
import { excerpt, headline, meta, opens, share } from './hit';
import { type Settings, address } from './settings';
import { count } from './strings';

/**
 * What opens under the box: a listbox of articles and, in a second column of the same grid rows, a toolbar of their
 * share links. An option holds nothing interactive; each share link still stands beside its article.
 */
export class Popup {
  /** The row an arrow key has reached; -1 while the caret rules. */
  _active = -1;
  _shares: (HTMLAnchorElement | null)[] = [];
  _panel: HTMLElement;
  _tools: HTMLElement;
  private _options: HTMLAnchorElement[] = [];
  private _list: HTMLElement;
  private _rows: HTMLElement;
  private _count: HTMLElement;
  private _alert: HTMLElement;
  private _more: HTMLElement;

  constructor(private _s: Settings, private _input: HTMLInputElement, private _retype: (q: string) => void) {
    const { t } = _s;
    this._list = h('div', { part: 'list', role: 'listbox', id: 'list', 'aria-label': t.results });
    this._tools = h('div', {
      class: 'tools', role: 'toolbar', 'aria-orientation': 'vertical', 'aria-label': t.share,
    });
    this._rows = h('div', { class: 'rows', hidden: true }, this._list, this._tools);
    this._count = h('p', { part: 'count', 'aria-hidden': 'true' });
    this._alert = h('p', { part: 'error', role: 'alert' });
    this._more = h('p', { class: 'more' });
    this._panel = h('div', { part: 'panel', hidden: true },
      this._alert, this._count, this._rows, this._more);
    this._panel.addEventListener('mousedown', e => e.preventDefault()); // the focus stays in the box
    this._list.addEventListener('click', e => e.ctrlKey || e.metaKey || e.shiftKey || this._close());
    this._tools.addEventListener('focusin', e => this._mark(this._shares.indexOf(e.target as HTMLAnchorElement)));
  }

  get _isOpen(): boolean {
    return !this._panel.hidden;
  }

  get _isEmpty(): boolean {
    return !this._options.length;
  }

  /** Shows the panel; it counts as expanded only when it holds articles. */
  _open(): void {
    this._panel.hidden = false;
    this._input.setAttribute('aria-expanded', `${!this._isEmpty}`);
  }

  _close(): void {
    this._panel.hidden = true;
    this._mark(-1);
    this._input.setAttribute('aria-expanded', 'false');
  }

  /** Replaces the rows with an answer. */
  _show(query: string, answer: Answer): void {
    const s = this._s;
    const { hits } = answer;
    const total = answer.total ?? hits.length;
    this._options = hits.map((hit, i) => opens(s, hit, i + 1, h('a', {
      part: 'hit', role: 'option', id: `o${i}`, href: link(hit.url), tabindex: -1,
      'aria-selected': 'false', 'aria-labelledby': `h${i} m${i}`,
    }, headline(hit, `h${i}`), excerpt(hit), meta(s, hit, `m${i}`))));
    this._shares = hits.map((hit, i) => share(s, hit, i + 1));
    this._list.replaceChildren(...this._options);
    this._tools.replaceChildren(...this._shares.map(a => a || h('span', {})));
    this._tools.hidden = !this._shares.some(a => a);
    this._list.style.gridRow = this._tools.style.gridRow = `1 / span ${hits.length || 1}`;
    this._rows.hidden = !hits.length;
    this._count.textContent = count(s.locale, s.t, total, query);
    this._alert.textContent = '';
    this._more.replaceChildren(...this._offers(query, total, answer));
    this._mark(-1);
  }

  /** Says that a search failed, over whatever was shown before. */
  _fail(): void {
    this._alert.textContent = this._isEmpty ? this._s.t.retry : this._s.t.stale;
    this._count.textContent = this._isEmpty ? '' : this._count.textContent;
    this._open();
  }

  /** Moves the active row; outside the rows is back to the caret. */
  _move(to: number): void {
    const n = this._options.length;
    this._mark(to < -1 ? n - 1 : to < n ? to : -1);
    this._options[this._active]?.scrollIntoView({ block: 'nearest' });
  }

  /** Follows the active article. */
  _follow(newTab: boolean): void {
    const option = this._options[this._active];
    if (newTab && option.href) window.open(option.href, '_blank', 'noopener');
    else option.click();
  }

  /** Focuses the nearest share link from a row on, in steps of ±1; false when there is none. */
  _focusShare(row: number, step: number): boolean {
    while (row >= 0 && row < this._shares.length && !this._shares[row]) row += step;
    this._shares[row]?.focus();
    return !!this._shares[row];
  }

  /** Makes a row active and its share link, else the first, the one stop of the toolbar in the tab order. */
  _mark(row: number): void {
    this._active = row;
    this._options.forEach((option, i) => option.setAttribute('aria-selected', `${i === row}`));
    const stop = this._shares[row] || this._shares.find(a => a);
    this._shares.forEach(a => a?.setAttribute('tabindex', a === stop ? '0' : '-1'));
    if (row < 0) this._input.removeAttribute('aria-activedescendant');
    else this._input.setAttribute('aria-activedescendant', `o${row}`);
  }

  /** What follows the rows: a correction, the results page. */
  private _offers(query: string, total: number, answer: Answer): Node[] {
    const s = this._s;
    const offers: Node[] = [];
    const { correction } = answer;
    if (correction) {
      const button = h('button', { part: 'correction', class: 'text', type: 'button' },
        `${s.t.suggest} ${s.t.quotes[0]}${correction}${s.t.quotes[1]}`);
      button.addEventListener('click', () => this._retype(correction));
      offers.push(button);
    }
    if (total > answer.hits.length) {
      offers.push(h('a', { part: 'all', class: 'text', href: address(s, '/search', { q: query }) }, s.t.all));
    }
    return offers;
  }
}
