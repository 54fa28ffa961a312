// SPDX-License-Identifier: Apache-2.0

import { ask } from './ask';
import { h, icon, tell } from './dom';
import { keys } from './keys';
import { Popup } from './popup';
import { type Settings, address } from './settings';
import { count } from './strings';

const settle = 150; // milliseconds without a keystroke before a request
const hush = 500; // milliseconds after an answer before a screen reader is told
const dense = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}]/u;

/** Whether a query says enough: two characters, or one of a script that writes words with one. */
function enough(q: string): boolean {
  return [...q].length > 1 || dense.test(q);
}

/** <relais-search>: a search box, a combobox as the ARIA Authoring Practices describe it. */
export function search(s: Settings, root: HTMLElement): () => void {
  const { host, t } = s;
  const visible = host.getAttribute('label');
  const name = visible || t.label;
  const input = h('input', {
    part: 'input', id: 'q', name: 'q', type: 'text', role: 'combobox', title: visible ? null : name,
    placeholder: host.getAttribute('placeholder') ?? (visible ? null : name),
    'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': 'list', 'aria-haspopup': 'listbox',
    autocomplete: 'off', autocapitalize: 'off', autocorrect: 'off', spellcheck: 'false', enterkeyhint: 'search',
  });
  const clear = h('button', {
    part: 'clear', type: 'button', tabindex: -1, 'aria-label': t.clear, hidden: true,
  }, icon('M6 6l12 12M18 6L6 18'));
  const form = h('form', { part: 'form', role: 'search', action: `${s.api}/search`, 'aria-label': name, 'accept-charset': 'utf-8' },
    h('label', { part: 'label', class: visible ? 'label' : 'quiet', for: 'q' }, name),
    h('input', { type: 'hidden', name: 'key', value: s.key }),
    h('div', { part: 'box' }, icon('M16.5 16.5L21 21M18 11a7 7 0 1 1-14 0a7 7 0 0 1 14 0'), input, clear),
    s.lang && h('input', { type: 'hidden', name: 'lang', value: s.lang }));
  const status = h('p', { class: 'quiet', role: 'status', 'aria-live': 'polite', 'aria-atomic': 'true' });
  const popup = new Popup(s, input, retype);

  let typing = 0;
  let telling = 0;
  let away = false;
  let abort: AbortController | undefined;
  let asked = ''; // the query under way or shown; empty after a failure, so that it may be asked again

  const text = () => input.value.trim().replace(/\s+/g, ' ');

  function state(to: 'idle' | 'loading' | 'done' | 'error', message: string): void {
    root.dataset.state = to;
    clearTimeout(telling);
    telling = window.setTimeout(() => { status.textContent = message; }, hush);
  }

  function reset(): void {
    abort?.abort();
    asked = '';
    popup._close();
    state('idle', '');
  }

  async function run(): Promise<void> {
    const q = text();
    clearTimeout(typing);
    if (!enough(q)) return reset();
    if (q === asked) return root.dataset.state === 'done' ? popup._open() : undefined;
    asked = q;
    abort?.abort();
    const { signal } = (abort = new AbortController());
    state('loading', '');
    try {
      const answer = await ask(address(s, '/v1/search', { q, limit: s.limit || '8' }), signal);
      if (signal.aborted) return;
      const total = answer.total ?? answer.hits.length;
      popup._show(q, answer);
      if (!away) popup._open();
      state('done', count(s.locale, t, total, q));
      tell(host, 'relais:search', { query: q, total, language: answer.language || s.lang });
    } catch {
      if (signal.aborted) return;
      asked = '';
      popup._fail();
      state('error', '');
    }
  }

  function typed(): void {
    away = false;
    clear.hidden = !input.value;
    popup._mark(-1);
    clearTimeout(typing);
    typing = window.setTimeout(run, settle);
  }

  function retype(q: string): void {
    input.value = q;
    input.focus();
    typed();
    run();
  }

  /** One step back: what is under way, else the popup, else the words; false when nothing is left to undo. */
  function back(): boolean {
    clearTimeout(typing);
    if (root.dataset.state === 'loading') reset();
    else if (popup._isOpen) popup._close();
    else if (input.value) retype('');
    else return false;
    return true;
  }

  input.addEventListener('input', e => (e as InputEvent).isComposing || typed());
  input.addEventListener('compositionend', typed);
  input.addEventListener('click', run);
  clear.addEventListener('click', () => retype(''));
  form.addEventListener('submit', e => {
    clearTimeout(typing);
    if (!text()) e.preventDefault();
  });
  root.addEventListener('focusin', () => { away = false; });
  root.addEventListener('focusout', e => {
    away = !root.contains(e.relatedTarget as Node | null);
    if (away) popup._close();
  });
  keys(input, popup, { _run: run, _back: back });

  root.append(h('div', { class: 'anchor' }, form, popup._panel), status);
  return () => {
    abort?.abort();
    clearTimeout(typing);
    clearTimeout(telling);
  };
}
