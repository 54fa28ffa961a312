// SPDX-License-Identifier: Apache-2.0

// What happens to an edition once it is in the log: where it has arrived, and
// how it is taken back.

import { callJSON, editionPath } from "./api.js";
import { $, announce, el, said, sentence, show, t, when } from "./dom.js";
import { watch } from "./watch.js";

const stages = ["accepted", "searchable", "linked"];

const state = { open: null, reached: new Set(), watching: null, paused: false, onRefused: null };

/** The names of the stages: an edition that is not usable arrives by being withdrawn. */
const stageName = (stage) => t(`${state.open.pubStatus === "usable" ? "stage" : "unstage"}.${stage}`);

/** Shows an edition of the log and follows it until it has arrived everywhere. */
export function showPublished(open, onRefused) {
  Object.assign(state, { open, reached: new Set(), paused: false, onRefused });
  $("p-id").textContent = open.id;
  $("p-language").textContent = open.language;
  $("p-version").textContent = open.version;
  $("p-status").textContent = t(`status.${open.pubStatus}`);
  $("p-status").dataset.status = open.pubStatus;
  const here = `/editor?article=${encodeURIComponent(open.id)}&language=${encodeURIComponent(open.language)}`;
  $("p-link").href = here;
  show($("p-canonical-part"), Boolean(open.canonicalUrl));
  $("p-canonical").href = $("p-canonical").textContent = open.canonicalUrl ?? "";
  show($("cancel"), open.pubStatus !== "canceled");
  showCancellation(open.cancellation);
  draw([]);
  show($("published"));
  follow();
}

export function hidePublished() {
  stop();
  state.open = null;
  show($("published"), false);
}

/** Follows again what was shown when the key was refused. */
export function resumePublished() {
  if (state.open) follow();
}

function showCancellation(c) {
  show($("canceled"), Boolean(c));
  if (!c) return;
  const lines = [c.reason, c.legal && t("cancel.wasLegal"), c.replacedBy && t("cancel.wasReplaced", { id: c.replacedBy })];
  $("canceled-text").replaceChildren(...lines.filter(Boolean).map((s) => el("p", {}, s)));
}

// The stages.

function draw(told) {
  const by = Object.fromEntries(told.map((s) => [s.stage, s]));
  $("stages").replaceChildren(...stages.map((name) => {
    const stage = by[name];
    const done = stage && stage.version >= state.open.version;
    const mark = el("span", { className: "mark", "aria-hidden": "true" }, done ? "✓" : "·");
    const text = el("span", {}, stageName(name));
    const time = done ? when(stage.at) : el("span", { className: "faint" }, t("stage.waiting"));
    return el("li", { "data-stage": name, "data-done": String(Boolean(done)) }, mark, text, " ", time);
  }));
  return stages.every((name) => by[name]?.version >= state.open.version);
}

/** Draws what the server tells, says aloud what is new, and stops when all is reached. */
function told(status) {
  const complete = draw(status.stages);
  const fresh = status.stages.filter((s) => s.version >= state.open.version && !state.reached.has(s.stage));
  for (const s of fresh) state.reached.add(s.stage);
  if (fresh.length) announce(t("stage.said", { version: state.open.version, stages: fresh.map((s) => stageName(s.stage)).join(t("comma")) }));
  show($("newer"), status.version > state.open.version);
  if (complete) stop(); // a browser has few connections to one host: none is held for nothing
  $("watching").textContent = t(complete ? "watch.complete" : "watch.open");
}

function stop() {
  state.watching?.abort();
  state.watching = null;
}

async function follow() {
  stop();
  const watching = new AbortController();
  state.watching = watching;
  $("watching").textContent = t("watch.opening");
  try {
    await watch(`${editionPath(state.open.id, state.open.language)}/status`, {
      signal: watching.signal,
      onEvent: ({ type, data }) => type === "status" && !watching.signal.aborted && told(JSON.parse(data)),
      onState: (now) => { if (now === "waiting" && state.watching === watching) $("watching").textContent = t("watch.waiting"); },
    });
  } catch (refused) {
    if (state.watching !== watching) return;
    $("watching").textContent = t("watch.waiting");
    state.onRefused(refused);
  }
}

/** A hidden tab follows nothing; it catches up when it is shown again. */
function seen() {
  if (!state.open) return;
  if (document.hidden && state.watching) {
    stop();
    state.paused = true;
  } else if (!document.hidden && state.paused) {
    state.paused = false;
    follow();
  }
}

// Taking it back.

function openDialog() {
  $("cancel-form").reset();
  show($("cancel-problem"), false);
  show($("cancel-all"), state.open.language === state.open.sourceLanguage);
  $("cancel-dialog").showModal();
  $("c-reason").focus();
}

function refuseCancel(...content) {
  $("cancel-problem").replaceChildren(...content);
  show($("cancel-problem"));
}

async function cancel(event, { onCanceled, onRefused }) {
  event.preventDefault();
  if (!$("c-sure").checked) {
    refuseCancel(t("cancel.notSure"));
    $("c-sure").focus();
    return;
  }
  const c = { reason: $("c-reason").value.trim(), legal: $("c-legal").checked, replacedBy: $("c-replacedBy").value.trim() };
  try {
    const path = `${editionPath(state.open.id, state.open.language)}/cancel`;
    const { data, tag } = await callJSON("POST", path, c, { "If-Match": `"${state.open.version}"` });
    $("cancel-dialog").close();
    onCanceled(data, tag);
  } catch (refused) {
    if (refused.byKey) {
      $("cancel-dialog").close();
      onRefused(refused);
      return;
    }
    const errors = refused.problem?.errors ?? [];
    if (refused.status === 412) refuseCancel(t("problem.412"));
    else if (errors.length) refuseCancel(...errors.map(({ detail }) => el("p", {}, said(sentence(detail)))));
    else refuseCancel(refused.status ? said(sentence(refused.message)) : t("problem.0"));
  }
}

/** Wires the panel: onCanceled gets what the server answers to a cancellation. */
export function startPublished(handlers) {
  $("cancel").addEventListener("click", openDialog);
  $("cancel-form").addEventListener("submit", (event) => cancel(event, handlers));
  $("cancel-back").addEventListener("click", () => $("cancel-dialog").close());
  $("cancel-dialog").addEventListener("close", () => $("cancel").focus());
  $("newer-reload").addEventListener("click", handlers.onReload);
  document.addEventListener("visibilitychange", seen);
}
