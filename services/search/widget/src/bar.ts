// SPDX-License-Identifier: Apache-2.0

import type { Bar, Target } from '../relais';
import { button, clicked, h, link, status, tell } from './dom';
import { hand } from './hit';
import type { Settings } from './settings';

/**
 * <relais-share>: the share sheet of the device where it has one, a link for each network, and a button that copies.
 * No script of a network is loaded, and none is told before the reader follows its link.
 */
export function bar(s: Settings, { headline, targets }: Bar): HTMLElement[] {
  const said = status('status');
  const list = h('ul', 'bar', { role: 'list' });
  for (const target of targets) {
    const control = draw(target);
    if (control) list[target.network === 'native' ? 'prepend' : 'append'](h('li', 'item', {}, control));
  }
  return list.firstChild ? [list, said] : [];

  function shares({ network, href: url }: Target): boolean {
    return tell(s.host, 'relais:share', { id: s.get('article'), language: s.lang, url, network });
  }

  /** The control of a target; null where this browser cannot do it, or it leads neither to the web nor to mail. */
  function draw(target: Target): HTMLElement | null {
    const { network, label } = target;
    const href = link(target.href, /^(https?|mailto|sms):/);
    const part = `target ${network}`;
    if (!href) return null;
    if (network === 'native') {
      return navigator.canShare?.({ url: href }) ? button(part, {}, () => shares(target) && hand(headline, href), label) : null;
    }
    if (network === 'copy') {
      return button(part, {}, () => shares(target) && copy(href), label);
    }
    return clicked(h('a', part, { href, 'aria-label': label, target: '_blank' }, short(target)),
      () => shares(target));
  }

  /** Copies the address and says so; where the browser does not let us, shows the address. */
  async function copy(url: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(url);
      said.textContent = s.t.copied;
    } catch {
      said.textContent = url;
    }
  }
}

/** The name of the network alone, as its label writes it: the heading says the rest. */
function short({ network, label }: Target): string {
  const at = network === 'mail' ? -1 : label.toLowerCase().indexOf(network);
  return at < 0 ? label : label.substr(at, network.length);
}
