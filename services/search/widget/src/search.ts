// SPDX-License-Identifier: Apache-2.0

import type { Answer } from '../relais';
import { ask } from './ask';
import { button, clicked, h, status, tell } from './dom';
import { keys } from './keys';
import { page } from './page';
import { type Popup, popup } from './popup';
import { type Settings, address, resultsPage } from './settings';
import { count, fill } from './strings';

// Milliseconds. A keystroke that comes a while after the one before is asked at once; in a quick run, one has to stay the
// last for somewhat longer than the run's keys are apart.
const quick = 100;
const settle = 30;
const hush = 500; // milliseconds after an answer before a screen reader is told
const dense = '⺀'; // Han, kana and Hangul begin here

/** Whether a query says enough: two characters, or one of a script that writes words with one. */
function enough(q: string): boolean {
  return q.length > 1 || q > dense;
}

/** What shows answers; only a popup has rows to make active, only a results page has filters. */
type View = Partial<Omit<Popup, '_nodes' | '_show'>> & {
  _nodes: HTMLElement[];
  _show: (answer: Answer, offset: number) => void;
  _params?: () => Record<string, string[]>;
};

/** Gives an input the words and the focus of the one it stands in for. */
function takeOver(input: HTMLInputElement, before: HTMLInputElement): void {
  input.value = before.value;
  if (before.matches(':focus')) input.focus();
}

/** Keeps the query in the address of the page. */
function remember(q: string): void {
  const url = new URL(location.href);
  if (q) url.searchParams.set('q', q);
  else url.searchParams.delete('q');
  history.replaceState(history.state, '', url);
}

/**
 * <relais-search>: a search box, a combobox as the ARIA Authoring Practices describe it; with mode="page" a plain one
 * over its results.
 */
export function search(s: Settings, root: HTMLElement): () => void {
  const { host, t, get } = s;
  const inline = get('mode') === 'page';
  const before = (host.shadowRoot!.querySelector('#q') || host.querySelector('[name=q]')) as HTMLInputElement | null;
  const visible = get('label');
  const name = visible || t.label;
  const input = h('input', 'input', { id: 'q', name: 'q', placeholder: get('placeholder') ?? (visible ? ' ' : name),
    autocomplete: 'off', spellcheck: 'false', enterkeyhint: 'search',
    ...(inline ? { role: 'searchbox' } : { role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': 'list' }),
  });
  const target = resultsPage(s);
  const form = h('form', 'form', { role: 'search', action: target.href, 'aria-label': name },
    h('label', visible ? 'label' : 'quiet', { for: 'q' }, name),
    ...[...target.searchParams].map(([name, value]) => h('input', 'extra', { type: 'hidden', name, value })),
    h('div', 'box', {}, input,
      button('clear', { tabindex: -1, 'aria-label': t.clear }, () => retype(''), '✕')));
  const said = status('quiet');
  const view: View = inline ? page(s, run) : popup(s, input);
  const alert = h('p', 'error', { role: 'alert' });
  const found = h('p', 'count');
  const offers = h('div', 'offers');
  const panel = h('div', 'panel', inline ? { role: 'region', 'aria-label': t.results } : { class: 'popup', hidden: true },
    alert, found, ...view._nodes, offers);

  let typed = 0; // when, in milliseconds
  let typing = 0;
  let telling = 0;
  let away = true;
  let shown = 0; // articles
  let abort: AbortController | undefined;
  let asked = ''; // the address under way or shown; empty after a failure, so that it may be asked again

  const text = () => input.value.trim().replace(/\s+/g, ' ');

  /** Shows the popup or not; it counts as expanded only when it holds articles. */
  function open(yes: boolean): void {
    if (inline) return;
    panel.hidden = !yes;
    if (!yes) view._mark?.(-1);
    input.setAttribute('aria-expanded', `${yes && shown > 0}`);
  }

  function state(to: 'idle' | 'loading' | 'done' | 'error', message: string): void {
    root.dataset.state = to;
    clearTimeout(telling);
    telling = setTimeout(() => { said.textContent = message; }, hush);
  }

  function reset(): void {
    abort?.abort();
    asked = '';
    open(false);
    state('idle', '');
  }

  function show(q: string, answer: Answer, offset: number): void {
    const { total, correction } = answer;
    view._show(answer, offset);
    shown = offset + answer.hits.length;
    alert.textContent = '';
    found.textContent = count(s.locale, t, total, q);
    target.searchParams.set('q', q);
    offers.replaceChildren(
      correction ? button('correction', {}, () => retype(correction), `${t.suggest} ${fill(t.quote, correction)}`) : '',
      total <= shown ? '' : inline ? button('more', {}, () => run(shown), t.more) : h('a', 'all', { href: target.href }, t.more));
    if (!away) open(true);
    state('done', away ? '' : found.textContent);
    if (inline) remember(q);
    if (!offset) tell(host, 'relais:search', { query: q, total, language: answer.language });
  }

  async function run(offset = 0): Promise<void> {
    const q = text();
    clearTimeout(typing);
    if (!inline && !enough(q)) return reset();
    const url = address(s, '/v1/search', {
      q, limit: get('limit') || '8', ...view._params?.(), offset: offset ? `${offset}` : null,
    });
    if (url === asked) return root.dataset.state === 'done' ? open(true) : undefined;
    asked = url;
    abort?.abort();
    const { signal } = (abort = new AbortController());
    state('loading', '');
    try {
      const answer = await ask<Answer>(url, signal);
      if (!signal.aborted) show(q, answer, offset);
    } catch {
      if (signal.aborted) return;
      asked = '';
      alert.textContent = t.error;
      if (!away) open(true);
      state('error', found.textContent!); // of the results that remain
    }
  }

  function type(): void {
    const now = Date.now();
    const gap = now - typed;
    typed = now;
    away = false;
    view._mark?.(-1);
    clearTimeout(typing);
    if (gap < quick) typing = setTimeout(() => run(), Math.max(gap * 1.5, settle));
    else run();
  }

  function retype(q: string): void {
    input.value = q;
    input.focus();
    run();
  }

  /** One step back: what is under way, else the popup, else the words; false when nothing is left to undo. */
  function back(): boolean {
    clearTimeout(typing);
    if (root.dataset.state === 'loading') reset();
    else if (!panel.hidden) open(false);
    else if (input.value) retype('');
    else return false;
    return true;
  }

  input.addEventListener('input', e => (e as InputEvent).isComposing || type());
  input.addEventListener('compositionend', type);
  form.addEventListener('submit', e => {
    if (inline || !text() || view._active! >= 0) e.preventDefault();
    if (inline) run();
    else if (view._active! >= 0) view._follow!(false);
  });
  root.addEventListener('focusin', () => { away = false; });
  root.addEventListener('focusout', e => {
    away = !root.contains(e.relatedTarget as Node | null);
    if (away) open(false);
  });
  if (!inline) {
    clicked(input, () => { run(); });
    panel.addEventListener('mousedown', e => e.preventDefault()); // the focus stays in the box
    clicked(view._list!, () => open(false));
    keys(input, view as Popup, { _panel: panel, _run: run, _open: open, _back: back });
  }

  root.append(h('div', 'anchor', {}, form, panel), said);
  if (before) takeOver(input, before);
  if (inline) input.value ||= new URL(location.href).searchParams.get('q') || '';
  if (inline || before && !away) run();
  return () => {
    abort?.abort();
    clearTimeout(typing);
    clearTimeout(telling);
  };
}
