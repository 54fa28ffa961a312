// SPDX-License-Identifier: Apache-2.0

import type { Popup } from './popup';

/** What keys ask of the box. */
interface Box {
  _panel: HTMLElement;
  /** Asks for what the box holds, or shows it again. */
  _run: () => void;
  /** Opens or closes the popup. */
  _open: (yes: boolean) => void;
  /** Undoes one step; false when there is nothing to undo. */
  _back: () => boolean;
}

/**
 * The keyboard of the box (README, "Keyboard"). The caret keeps its keys: the one that goes to the share links is taken
 * only while a row is active and the caret is at the end, where it would not move.
 */
export function keys(input: HTMLInputElement, popup: Popup, box: Box): void {
  input.addEventListener('keydown', e => {
    if (!e.isComposing && e.keyCode !== 229 && inBox(e)) e.preventDefault();
  });
  box._panel.addEventListener('keydown', e => {
    if (inPanel(e)) e.preventDefault();
  });

  const isOpen = () => !box._panel.hidden;

  /** The arrow that points to the end of a line. */
  const forward = () => (input.matches(':dir(rtl)') ? 'ArrowLeft' : 'ArrowRight');

  /** Handles a key pressed in the box; true when it was ours. */
  function inBox({ key, altKey, ctrlKey, metaKey }: KeyboardEvent): boolean {
    const row = popup._active;
    if (key === 'ArrowDown') {
      if (!isOpen()) box._run();
      if (!altKey && isOpen()) popup._move(row + 1);
      return true;
    }
    if (key === 'ArrowUp') {
      if (altKey) box._open(false);
      else if (isOpen()) popup._move(row - 1);
      return true;
    }
    if (key === 'Escape') return box._back();
    if (row < 0) return false;
    if (key === 'Enter' && (ctrlKey || metaKey)) {
      popup._follow(true);
      return true;
    }
    const link = key === forward() && input.selectionStart === input.value.length && popup._share(row);
    if (link) {
      link.focus();
      return true;
    }
    if (/^(Home|End|Arrow)/.test(key)) popup._mark(-1); // back to the caret, which moves as ever
    return false;
  }

  /** Handles a key pressed in the popup, where only its links take the focus; true when it was ours. */
  function inPanel({ key, target }: KeyboardEvent): boolean {
    const links = popup._shares();
    const at = links.indexOf(target as HTMLAnchorElement);
    const to = new Map([['ArrowDown', at + 1], ['ArrowUp', at - 1], ['Home', 0], ['End', links.length - 1]]).get(key);
    if (to != null) {
      links[to]?.focus();
      return true;
    }
    const ours = /^(Esc|Arrow)/.test(key);
    if (ours && key !== forward()) input.focus();
    if (key === 'Escape') box._open(false);
    return ours;
  }
}
