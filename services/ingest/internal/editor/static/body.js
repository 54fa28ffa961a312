// SPDX-License-Identifier: Apache-2.0

// The body of an edition: edited as text while it is only paragraphs and lists,
// else as HTML; counted and shown as the server would keep it.

import { callJSON } from "./api.js";
import { $, lang, show, t } from "./dom.js";

const field = $("f-body");
const state = { base: "", shown: "", mode: "text", timer: 0, round: 0 };

/** Whether text says all that the HTML says. */
function isPlain(html) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  const plain = (e) => /^(P|UL|OL|LI|BR)$/.test(e.tagName) && e.attributes.length === 0 && !e.querySelector("ul, ol");
  return [...body.querySelectorAll("*")].every(plain);
}

/** Takes over the body of an edition. */
export function fillBody(edition) {
  state.base = edition.bodyHtml ?? "";
  setMode(isPlain(state.base) ? "text" : "html", edition.bodyText ?? "");
  measure(edition);
  preview(state.base);
}

function setMode(mode, text) {
  state.mode = mode;
  state.shown = field.value = mode === "text" ? text : state.base;
  state.shown = field.value; // as the field has it: line ends are its own
  field.classList.toggle("source", mode === "html");
  field.spellcheck = mode === "text";
  $("body-mode").textContent = t(mode === "text" ? "body.asText" : "body.asHTML");
  show($("to-html"), mode === "text");
}

/** The one body member of an edition: the HTML as it came when nobody touched it. */
export function readBody() {
  if (field.value === state.shown) return { bodyHtml: state.base };
  return state.mode === "text" ? { bodyText: field.value } : { bodyHtml: field.value };
}

function measure({ wordCount, readingMinutes }) {
  const number = new Intl.NumberFormat(lang).format(wordCount ?? 0);
  $("measure").textContent = t("body.measure", { words: number, minutes: readingMinutes ?? 0 });
}

/** What the server makes of the present body; null when it does not say. */
async function rendered() {
  const language = $("f-language").value.trim() || "fr";
  try {
    const { data } = await callJSON("POST", "/v1/extract", { headline: "-", language, ...readBody() });
    return data.edition;
  } catch {
    return null;
  }
}

/** Counts and shows the body again, once the typing has settled. */
function later() {
  clearTimeout(state.timer);
  state.timer = setTimeout(refresh, 600);
}

async function refresh() {
  const round = ++state.round;
  const edition = await rendered();
  if (edition && round === state.round) {
    measure(edition);
    preview(edition.bodyHtml);
  }
}

function escapeHTML(s) {
  return s.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
}

/** Shows sanitized HTML in a frame that may run nothing. */
function preview(html) {
  const language = escapeHTML($("f-language").value.trim() || "fr");
  $("preview-frame").srcdoc = `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${escapeHTML(t("body.preview"))}</title>` +
    `<link rel="stylesheet" href="/editor/preview.css"></head><body>${html}</body></html>`;
}

async function toHTML() {
  const changed = field.value !== state.shown;
  const edition = changed ? await rendered() : null;
  if (changed && !edition) return;
  const html = edition?.bodyHtml ?? state.base;
  setMode("html", "");
  field.value = html;
  field.focus();
}

export function startBody() {
  field.addEventListener("input", later);
  $("to-html").addEventListener("click", toHTML);
}
