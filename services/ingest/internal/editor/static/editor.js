// SPDX-License-Identifier: Apache-2.0

// The editor: bring a text, look it over, publish it, watch it arrive, take it
// back. Three views: the key, the start, one edition.

import { attemptName, call, callJSON, editionPath, key } from "./api.js";
import { $, announce, lang, said, sentence, show, t } from "./dom.js";
import { fill, read, startForm } from "./form.js";
import { clearErrors, showProblem, showSuggestions, showWarnings } from "./notes.js";
import { hidePublished, resumePublished, showPublished, startPublished } from "./published.js";
import { clearSource, complain, readSource, startSource } from "./source.js";

const state = {
  view: "", // key, start or edit
  behind: "start", // the view to come back to once the key is good
  open: null, // {id, language, version} of the edition in the log; null for a new one
  attempt: null, // {name, body} of the creation that was last tried
  dirty: false,
  busy: false,
};

/** Shows one view and puts the focus on its heading, or where it is told. */
function go(view, focus) {
  if (view === "key" && state.view !== "key") state.behind = state.view || "start";
  state.view = view;
  for (const name of ["key", "start", "edit"]) show($(`${name}-view`), name === view);
  show($("forget"), view !== "key");
  (focus ?? $(`${view}-title`)).focus();
  scrollTo(0, 0);
}

/** Runs one action at a time; what the API refuses becomes a summary of errors. */
async function once(button, action) {
  if (state.busy) return;
  state.busy = true;
  button.setAttribute("aria-disabled", "true");
  try {
    await action();
  } catch (refused) {
    if (refused.status === undefined) throw refused;
    refuse(refused);
  } finally {
    state.busy = false;
    button.removeAttribute("aria-disabled");
  }
}

function refuse(refused) {
  if (refused.byKey) return askKey(refused);
  const { detail, errors = [] } = refused.problem;
  const known = [0, 409, 412, 413, 503].includes(refused.status);
  const text = known ? t(`problem.${refused.status}`) : detail && !errors.length ? said(sentence(detail)) : "";
  if (state.view === "key") return refuseKey(t(refused.status ? "problem.503" : "problem.0"));
  if (state.view === "start") return complain(known ? text : errors.map((e) => sentence(e.detail).text).join(" ") || detail);
  const actions = refused.status === 412 ? [{ label: t("reload"), run: reload }] : [];
  return showProblem({ title: t("problem.title"), text, errors: errors.filter((e) => e.pointer !== "/If-Match"), actions });
}

// The key.

function askKey(refused) {
  key.forget();
  $("key").value = "";
  go("key", $("key"));
  refuseKey(refused ? t(refused.status === 403 ? "key.forbidden" : "key.refused") : "");
}

async function takeKey(event) {
  event.preventDefault();
  const value = $("key").value.trim();
  if (!/^rk_[\x21-\x7e]+$/.test(value)) {
    refuseKey(t(value.startsWith("pk_") ? "key.publishable" : "key.malformed"));
    return;
  }
  await once($("key-button"), async () => {
    key.set(value);
    await call("GET", "/v1/partners"); // takes the role of an editor, and changes nothing
    show($("key-notes"), false);
    $("key").value = "";
    go(state.behind, state.behind === "start" ? $("source") : undefined);
    resumePublished();
  });
  if (state.view === "start") openAddressed();
}

/** Says what is wrong with the key, or with asking about it. */
function refuseKey(text) {
  $("key-notes").textContent = text;
  show($("key-notes"), Boolean(text));
  if (text) $("key").setAttribute("aria-invalid", "true");
  else $("key").removeAttribute("aria-invalid");
  $("key").focus();
}

// The start.

async function extract(event) {
  event.preventDefault();
  const source = readSource();
  if (!source) return complain(t("source.empty"));
  complain("");
  await once($("extract-button"), async () => {
    const { data } = await call("POST", "/v1/extract", {
      body: source.body, headers: { "Content-Type": `${source.type}; charset=utf-8` },
    });
    state.open = null;
    hidePublished();
    fill(data.edition, { present: false, held: false });
    present(data.warnings ?? [], data.suggestions ?? []);
    state.dirty = true;
    go("edit");
  });
}

function present(warnings = [], suggestions = []) {
  clearErrors();
  showWarnings(warnings);
  showSuggestions(suggestions);
  $("publish").textContent = t(state.open ? "publish.again" : "publish.first");
  $("edit-title").textContent = t(state.open ? "edit.existing" : "edit.new");
}

async function openAsked(event) {
  event.preventDefault();
  await once($("open-button"), () => open($("open-id").value.trim(), $("open-language").value.trim()));
}

function refuseOpen(text) {
  $("open-notes").textContent = text;
  show($("open-notes"), Boolean(text));
  if (text) $("open-id").focus();
}

/** Opens an edition; without a language, the original. */
async function open(id, language) {
  refuseOpen("");
  if (!id) return refuseOpen(t("open.empty"));
  try {
    if (!language) ({ data: { sourceLanguage: language } } = await call("GET", `/v1/articles/${encodeURIComponent(id)}`));
    const { data, tag } = await call("GET", editionPath(id, language));
    take(data, tag);
    go("edit");
  } catch (refused) {
    if (refused.status !== 404) throw refused;
    go("start");
    refuseOpen(t("open.none", { id, language: language || "–" }));
  }
}

/** Opens the edition the page's own address names. */
function openAddressed() {
  const params = new URLSearchParams(location.search);
  if (params.has("article")) once($("open-button"), () => open(params.get("article"), params.get("language") ?? ""));
}

/** Takes over an edition as the log has it. */
function take(edition, tag) {
  state.open = { id: edition.id, language: edition.language, version: edition.version };
  state.attempt = null;
  state.dirty = false;
  // The tag tells apart what an editor withheld from what only an embargo withholds ("3w").
  const held = edition.pubStatus === "withheld" && !/^"\d+w/.test(tag);
  fill(edition, { present: true, held });
  present();
  address();
  showPublished(edition, refuse);
}

/** Names the open edition in the page's address, so that it can be reloaded and passed on. */
function address() {
  const params = new URLSearchParams(location.search);
  for (const name of ["article", "language"]) params.delete(name);
  if (state.open) {
    params.set("article", state.open.id);
    params.set("language", state.open.language);
  }
  const query = params.toString();
  history.replaceState(null, "", query ? `/editor?${query}` : "/editor");
  params.set("lang", $("other-language").lang);
  $("other-language").href = `/editor?${params}`;
}

async function reload() {
  await once($("publish"), () => open(state.open.id, state.open.language));
}

function startAnew() {
  if (state.dirty && !confirm(t("leave"))) return;
  state.open = null;
  state.attempt = null;
  state.dirty = false;
  hidePublished();
  clearSource();
  address();
  go("start", $("source"));
}

// Publishing.

async function publish(event) {
  event.preventDefault();
  const edition = read();
  await once($("publish"), async () => {
    clearErrors();
    const before = state.open?.version;
    const { data, tag } = state.open ? await replace(edition) : await create(edition);
    const unchanged = before === data.version;
    take(data, tag);
    const text = t(unchanged ? "published.unchanged" : "published.version", { version: data.version });
    $("published-text").textContent = text;
    announce(text);
    $("published-title").focus();
    $("published").scrollIntoView({ block: "nearest" });
  });
}

/** Creates the article. What is sent again unchanged, after a lost answer, is the same attempt. */
function create(edition) {
  const body = JSON.stringify(edition);
  if (state.attempt?.body !== body) state.attempt = { name: attemptName(), body };
  return call("POST", "/v1/articles", {
    body, headers: { "Content-Type": "application/json", "Idempotency-Key": state.attempt.name },
  });
}

function replace(edition) {
  const { id, language, version } = state.open;
  return callJSON("PUT", editionPath(id, language), edition, { "If-Match": `"${version}"` });
}

function canceled(edition, tag) {
  take(edition, tag);
  $("published-text").textContent = t("cancel.done");
  announce(t("cancel.done"));
  $("published-title").focus();
}

/** Forgets the key, and with the page everything it showed. */
function leave() {
  key.forget();
  location.assign(`/editor?lang=${lang}`);
}

function start() {
  startForm();
  startSource();
  startPublished({ onCanceled: canceled, onRefused: refuse, onReload: reload });
  $("key-form").addEventListener("submit", takeKey);
  $("extract-form").addEventListener("submit", extract);
  $("open-form").addEventListener("submit", openAsked);
  $("edition-form").addEventListener("submit", publish);
  $("edition-form").addEventListener("input", () => { state.dirty = true; });
  $("forget").addEventListener("click", leave);
  $("anew").addEventListener("click", startAnew);
  addEventListener("beforeunload", (event) => { if (state.dirty) event.preventDefault(); });
  if (key.get()) {
    go("start", $("source"));
    openAddressed();
  } else askKey();
}

start();
