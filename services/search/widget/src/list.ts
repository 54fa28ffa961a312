// SPDX-License-Identifier: Apache-2.0

import type { Answer } from '../relais';
import { h } from './dom';
import { items } from './hit';
import type { Settings } from './settings';

/** <relais-latest> and <relais-related>: articles as a list of links. */
export function list(s: Settings, { hits }: Answer): HTMLElement[] {
  return hits[0] ? [h('ul', 'list', { role: 'list' }, ...items(s, hits))] : [];
}
