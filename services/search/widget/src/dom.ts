// SPDX-License-Identifier: Apache-2.0

import type { Rich } from '../relais';

type Attributes = Record<string, string | number | boolean | null | undefined>;
type Child = Node | string | null | false | undefined;

/**
 * Makes an element whose part is also its class. An attribute that is null, undefined or false is left out; every string
 * is text, never markup.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, part: string, attributes: Attributes = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  const all: Attributes = { part, class: part, ...attributes };
  for (const name in all) {
    const value = all[name];
    if (value != null && value !== false) element.setAttribute(name, value === true ? '' : `${value}`);
  }
  element.append(...children.filter(child => child) as Node[]);
  return element;
}

/** Does something when an element is clicked; where that returns false, the browser does not do what is its own. */
export function clicked<E extends HTMLElement>(element: E, act: () => unknown): E {
  element.addEventListener('click', e => {
    if (act() === false) e.preventDefault();
  });
  return element;
}

/** A button that does something when it is pressed. */
export function button(part: string, attributes: Attributes, act: () => unknown, ...label: Child[]): HTMLButtonElement {
  return clicked(h('button', part, { type: 'button', ...attributes }, ...label), act);
}

/** A line of text that assistive technology reads when it changes. */
export function status(part: string): HTMLElement {
  return h('p', part, { role: 'status', 'aria-live': 'polite', 'aria-atomic': 'true' });
}

/** Appends text with its marks as <mark>. Marks out of order, overlapping or out of range lose, the text never does. */
export function write<E extends Element>(to: E, { text, marks }: Rich): E {
  let at = 0;
  for (const [start, length] of marks || []) {
    const end = Math.min(start + length, text.length);
    if (start < at || end <= start) continue;
    to.append(text.slice(at, start), h('mark', 'mark', {}, text.slice(start, end)));
    at = end;
  }
  to.append(text.slice(at));
  return to;
}

/** The address as given when it leads to the web, or where else it may, else null: no javascript: or data: from the wire. */
export function link(url: string | undefined, to = /^https?:/): string | null {
  return url && to.test(url) ? url : null;
}

/** Tells the page, across shadow roots; false when a listener has prevented the default. */
export function tell(host: Element, name: string, detail: unknown): boolean {
  return host.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, cancelable: true, detail }));
}
