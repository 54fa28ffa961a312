// SPDX-License-Identifier: Apache-2.0

import { h } from './dom';
import { type Settings, settings } from './settings';
import css from './style.css';

/** Draws an element into root; what it returns undoes requests and timers. */
export type Mount = (s: Settings, root: HTMLElement) => () => void;

const attributes = ['key', 'lang', 'api', 'limit', 'placeholder', 'label', 'section'];

let sheet: CSSStyleSheet | undefined;

/** The one style sheet of every element: a constructed one needs no inline style, whatever the page's policy. */
function styles(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  return sheet;
}

/** Registers an element, unless a script included earlier has done so. */
export function define(name: string, mount: Mount): void {
  if (customElements.get(name)) return;
  customElements.define(name, class extends HTMLElement {
    static observedAttributes = attributes;
    private _stop?: () => void;

    constructor() {
      super();
      const sheets = [styles()]; // a browser without them fails here, and keeps showing what is between the tags
      this.attachShadow({ mode: 'open', delegatesFocus: true }).adoptedStyleSheets = sheets;
    }

    connectedCallback(): void {
      const s = settings(this);
      const root = h('div', { part: 'root', lang: s.locale, 'data-state': 'idle' });
      this.shadowRoot!.replaceChildren(root);
      this._stop = mount(s, root);
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
