// SPDX-License-Identifier: Apache-2.0

import type { Popup } from './popup';

/** What keys ask of the box. */
interface Box {
  /** Asks for what the box holds, or shows it again. */
  _run: () => void;
  /** Undoes one step; false when there is nothing to undo. */
  _back: () => boolean;
}

/**
 * The keyboard of the box (README, "Keyboard"). The caret keeps its keys: the one that goes to the share links is taken
 * only while a row is active and the caret is at the end, where it would not move.
 */
export function keys(input: HTMLInputElement, popup: Popup, box: Box): void {
  let taken = false;
  input.addEventListener('keydown', e => {
    taken = !e.isComposing && e.keyCode !== 229 && inBox(e, input, popup, box);
    if (taken) e.preventDefault();
  });
  input.addEventListener('keypress', e => { // drivers of browsers send it all the same, and Enter would submit
    if (taken) e.preventDefault();
  });
  popup._tools.addEventListener('keydown', e => {
    if (inShares(e, input, popup)) e.preventDefault();
  });
}

/** Handles a key pressed in the box; true when it was ours. */
function inBox(e: KeyboardEvent, input: HTMLInputElement, popup: Popup, box: Box): boolean {
  const { _active: row, _isOpen: open } = popup;
  switch (e.key) {
    case 'ArrowDown':
      if (!open) box._run();
      if (!e.altKey && popup._isOpen) popup._move(row + 1);
      return true;
    case 'ArrowUp':
      if (e.altKey) popup._close();
      else if (open) popup._move(row - 1);
      return true;
    case 'Enter':
      if (row >= 0) popup._follow(e.ctrlKey || e.metaKey);
      return row >= 0;
    case 'Escape':
      return box._back();
    case forward(input):
      if (row >= 0 && atEnd(input) && popup._shares[row]) return popup._focusShare(row, 1);
      break;
    case 'Home':
    case 'End':
    case 'ArrowLeft':
    case 'ArrowRight':
      break;
    default:
      return false;
  }
  popup._mark(-1); // back to the caret, which moves as ever
  return false;
}

/** Handles a key pressed on a share link; true when it was ours. */
function inShares(e: KeyboardEvent, input: HTMLInputElement, popup: Popup): boolean {
  const row = popup._active;
  switch (e.key) {
    case 'ArrowDown':
      return popup._focusShare(row + 1, 1) || true;
    case 'ArrowUp':
      return popup._focusShare(row - 1, -1) || true;
    case 'Home':
      return popup._focusShare(0, 1);
    case 'End':
      return popup._focusShare(popup._shares.length - 1, -1);
    case 'Escape':
      input.focus();
      popup._close();
      return true;
    case 'ArrowLeft':
    case 'ArrowRight':
      if (e.key !== forward(input)) input.focus();
      return true;
  }
  return false;
}

/** The arrow that points to the end of a line. */
function forward(input: HTMLElement): string {
  return getComputedStyle(input).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
}

function atEnd({ selectionStart, selectionEnd, value }: HTMLInputElement): boolean {
  return selectionStart === value.length && selectionEnd === value.length;
}
