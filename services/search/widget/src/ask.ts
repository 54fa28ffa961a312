// SPDX-License-Identifier: Apache-2.0

import type { Answer } from '../relais';

const capacity = 32;
const freshFor = 60_000; // milliseconds: a withdrawn article must not live on in a tab

const kept = new Map<string, [at: number, answer: Answer]>();

/**
 * GETs an answer: no cookie, no custom header, so no preflight. An address asked within the last minute is answered
 * from memory, the least recently used forgotten first.
 */
export async function ask(url: string, signal: AbortSignal): Promise<Answer> {
  const known = kept.get(url);
  kept.delete(url);
  if (known && Date.now() - known[0] < freshFor) {
    kept.set(url, known);
    return known[1];
  }
  const response = await fetch(url, { credentials: 'omit', signal });
  if (!response.ok) throw new Error(`${response.status}`);
  const answer: Answer = await response.json();
  answer.hits = answer.hits || [];
  kept.set(url, [Date.now(), answer]);
  if (kept.size > capacity) kept.delete(kept.keys().next().value!);
  return answer;
}
