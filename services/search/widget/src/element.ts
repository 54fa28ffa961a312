// SPDX-License-Identifier: Apache-2.0

import { h } from './dom';
import { type Settings, settings } from './settings';
import css from './style.css';

/** Draws an element into root, which is in the page; what it returns undoes requests and timers. */
export type Mount = (s: Settings, root: HTMLElement) => () => void;

const attributes = ('key lang dir api strings limit label heading level section article mode theme facets results ' +
  'placeholder').split(' ');

/**
 * The one style sheet of every element: a constructed one needs no inline style, whatever the page's policy. A browser
 * without them stops here, and keeps showing what is between the tags.
 */
const sheet = new CSSStyleSheet();
sheet.replaceSync(css);

/** Registers an element, unless a script included earlier has done so. */
export function define(name: string, mount: Mount): void {
  if (customElements.get(name)) return;
  customElements.define(name, class extends HTMLElement {
    static get observedAttributes(): string[] {
      return attributes;
    }

    private _stop?: () => void;

    constructor() {
      super();
      this.attachShadow({ mode: 'open', delegatesFocus: true }).adoptedStyleSheets = [sheet];
    }

    connectedCallback(): void {
      const s = settings(this);
      const before = this.shadowRoot!.firstChild; // stays until what was typed in it has been taken over
      const root = h('div', 'root', {
        lang: s.locale, dir: s.get('dir') || (/^ar/.test(s.locale) && 'rtl'), 'data-state': 'idle',
      });
      root.style.colorScheme = s.get('theme')!; // none, or auto, which is no value: as the style sheet says
      this.shadowRoot!.append(root);
      this._stop = mount(s, root);
      before?.remove();
    }

    disconnectedCallback(): void {
      this._stop?.();
      this._stop = undefined;
    }

    attributeChangedCallback(_: string, before: string | null, after: string | null): void {
      if (!this._stop || before === after) return;
      this.disconnectedCallback();
      queueMicrotask(() => {
        if (this.isConnected && !this._stop) this.connectedCallback();
      });
    }
  });
}
