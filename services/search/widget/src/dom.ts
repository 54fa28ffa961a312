// SPDX-License-Identifier: Apache-2.0

import type { Rich } from '../relais';

type Value = string | number | boolean | null | undefined;

/**
 * Makes an element. An attribute that is null, undefined or false is left out; every string is text, never markup.
 * A part is also the class of the element.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, Value>,
  ...children: (Node | string | null | false | undefined)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const name in attributes) {
    const value = attributes[name];
    if (value == null || value === false) continue;
    element.setAttribute(name, value === true ? '' : `${value}`);
    if (name === 'part') element.className = `${value}`;
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/** A line drawing on a 24 × 24 grid, hidden from assistive technology. */
export function icon(path: string): SVGSVGElement {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  const line = document.createElementNS(ns, 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

/** Appends text with its marks as <mark>. Marks out of order, overlapping or out of range lose, the text never does. */
export function write<E extends Element>(to: E, rich: Rich | undefined): E {
  const text = rich?.text || '';
  let at = 0;
  for (const [start, length] of rich?.marks || []) {
    const end = Math.min(start + length, text.length);
    if (start < at || end <= start) continue;
    to.append(text.slice(at, start), h('mark', { part: 'mark' }, text.slice(start, end)));
    at = end;
  }
  to.append(text.slice(at));
  return to;
}

/** The address as given when it leads to the web, else null: no javascript: or data: from the wire. */
export function link(url: string | undefined): string | null {
  try {
    return url && /^https?:$/.test(new URL(url, location.href).protocol) ? url : null;
  } catch {
    return null;
  }
}

/** Tells the page, across shadow roots; false when a listener has prevented the default. */
export function tell(host: Element, name: string, detail: unknown): boolean {
  return host.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, cancelable: true, detail }));
}
