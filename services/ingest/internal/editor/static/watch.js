// SPDX-License-Identifier: Apache-2.0

// Server-sent events (WHATWG HTML §9.2) over fetch: EventSource cannot send an
// Authorization header.

import { refusal, send } from "./api.js";

const longest = 30_000;

/**
 * Follows an event stream until signal aborts, opening it again, ever more
 * slowly while that fails. onEvent is given each event {type, data, id};
 * onState says "open" or "waiting". It returns when signal aborts, and throws
 * Refused when the key is refused or the path does not exist.
 */
export async function watch(path, { onEvent, onState, signal }) {
  let retry = 2_000;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const response = await send("GET", path, { headers: { Accept: "text/event-stream" }, signal });
      if (!response.ok) throw await refusal(response);
      failures = 0;
      onState("open");
      for await (const event of events(response.body)) {
        if (event.retry) retry = event.retry;
        else onEvent(event);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error.byKey || error.status === 404) throw error;
      failures++;
    }
    if (signal.aborted) return;
    onState("waiting");
    await pause(Math.min(longest, retry * 2 ** Math.min(failures, 6)) * (0.75 + Math.random() / 2), signal);
  }
}

/** Waits, or until signal aborts. */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}

/** The events of a stream of bytes; {retry} for a retry line. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return; // what was not ended by a blank line is dropped, as the standard says
    rest += value;
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) yield* parse(block);
  }
}

function* parse(block) {
  const event = { type: "message", data: [], id: "" };
  for (const line of block.split(/\r?\n/)) {
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (field === "event") event.type = value;
    if (field === "data") event.data.push(value);
    if (field === "id") event.id = value;
    if (field === "retry" && /^\d+$/.test(value)) yield { retry: Number(value) };
  }
  if (event.data.length) yield { ...event, data: event.data.join("\n") };
}
