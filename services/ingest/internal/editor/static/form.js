// SPDX-License-Identifier: Apache-2.0

// An edition as a form, and back. What the form does not show is kept as it
// came.

import { fillBody, readBody, startBody } from "./body.js";
import { $, el, freshId, lang, show, stamp, t } from "./dom.js";

const texts = ["headline", "description", "language", "section", "canonicalUrl", "usageTerms", "edNote"];
const lists = ["keywords", "organisations", "places"];
const times = ["datePublished", "embargoedUntil", "expires"];
const rows = { authors: ["name", "url"], people: ["name", "role", "affiliation", "rel"] };
const madeByServer = [
  "version", "stale", "firstCreated", "versionCreated", "wordCount", "readingMinutes", "cancellation",
  "correction", "bodyHtml", "bodyText", "pubStatus", "id",
];

let base = {};

/** The control of a member: "event.name" is #f-event-name. */
export const control = (name) => $(`f-${name.replace(".", "-")}`);

// Times: the control shows minutes in the reader's zone, those of an event in
// UTC, in which whole days begin at midnight everywhere; an untouched one gives
// back the very moment that came in.

const universal = (name) => name.startsWith("event.");

function fillTime(name, iso) {
  const input = control(name);
  const date = new Date(iso ?? NaN);
  const known = !Number.isNaN(date.getTime());
  const shift = universal(name) || !known ? 0 : date.getTimezoneOffset() * 60_000;
  const local = known && new Date(date.getTime() - shift);
  input.value = known ? local.toISOString().slice(0, 16) : "";
  input.dataset.iso = known && !iso.includes("T") ? date.toISOString() : iso ?? "";
  input.dataset.shown = input.value;
}

function readTime(name) {
  const input = control(name);
  if (input.value === input.dataset.shown) return input.dataset.iso || undefined;
  return input.value ? new Date(input.value + (universal(name) ? "Z" : "")).toISOString() : undefined;
}

function fillList(name, values) {
  control(name).value = (values ?? []).join("\n");
}

const readList = (name) => control(name).value.split("\n").map((s) => s.trim()).filter(Boolean);

// Rows: authors and people.

/** Adds a row for an author or a person, and returns it. */
export function addRow(list, value = {}) {
  const row = stamp(`row-${list}`);
  row.dataset.row = list;
  row.id = freshId(`row-${list}`);
  for (const input of row.querySelectorAll("[data-member]")) {
    input.id = freshId(`f-${list}`);
    input.value = value[input.dataset.member] ?? "";
    row.querySelector(`[data-for="${input.dataset.member}"]`).htmlFor = input.id;
    const notes = el("ul", { className: "notes", id: `${input.id}-notes`, hidden: true });
    input.setAttribute("aria-describedby", notes.id);
    input.after(notes);
  }
  row.append(el("ul", { className: "notes", id: `${row.id}-notes`, hidden: true }));
  row.setAttribute("aria-describedby", `${row.id}-notes`);
  row.querySelector(".remove").addEventListener("click", () => removeRow(row));
  $(`rows-${list}`).append(row);
  number(list);
  return row;
}

function removeRow(row) {
  const list = row.dataset.row;
  const near = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  number(list);
  (near?.querySelector("input") ?? $(`add-${list}`)).focus();
  $("edition-form").dispatchEvent(new Event("input", { bubbles: true }));
}

function number(list) {
  [...$(`rows-${list}`).children].forEach((row, i) => {
    row.querySelector("legend").textContent = t(`row.${list}`, { n: i + 1 });
  });
}

function readRows(list) {
  const out = [];
  for (const row of $(`rows-${list}`).children) {
    const value = {};
    for (const input of row.querySelectorAll("[data-member]")) {
      if (input.value.trim()) value[input.dataset.member] = input.value.trim();
    }
    const empty = Object.keys(value).length === 0;
    row.dataset.index = empty ? "" : out.length;
    if (!empty) out.push(value);
  }
  return out;
}

function readEvent() {
  const event = { ...base.event };
  for (const name of ["name", "location"]) event[name] = control(`event.${name}`).value.trim();
  for (const name of ["startDate", "endDate"]) event[name] = readTime(`event.${name}`);
  const empty = !event.name && !event.location && !event.startDate && !event.endDate;
  return empty ? undefined : event;
}

/** Sets one member of the form. */
export function setMember(name, value) {
  if (rows[name]) {
    $(`rows-${name}`).replaceChildren();
    for (const v of value ?? []) addRow(name, v);
  } else if (lists.includes(name)) fillList(name, value);
  else if (times.includes(name)) fillTime(name, value);
  else if (name === "event") {
    for (const part of ["name", "location", "startDate", "endDate"]) setEventPart(part, value?.[part]);
  } else if (texts.includes(name)) control(name).value = value ?? "";
}

/** Whether the form has a place for a member. */
export const hasMember = (name) => [...texts, ...lists, ...times, "event", ...Object.keys(rows)].includes(name);

/**
 * Adds a value to a member: at the end of a list, in place of a single one. part
 * names the part of an event. It returns the control that took it.
 */
export function addMember(name, value, part) {
  if (rows[name]) return addRow(name, typeof value === "string" ? { name: value } : value).querySelector("input");
  if (name === "event" && part) return setEventPart(part, value);
  if (lists.includes(name)) fillList(name, [...readList(name), value.name ?? value]);
  else setMember(name, value);
  return name === "event" ? control("event.name") : control(name);
}

function setEventPart(part, value) {
  const input = control(`event.${part}`) ?? control("event.name");
  if (input.type === "datetime-local") fillTime(`event.${part}`, value);
  else if (input.id === `f-event-${part}`) input.value = value ?? "";
  return input;
}

/**
 * Shows an edition. present says that it exists in the log; held that it is
 * withheld by hand, and not by an embargo.
 */
export function fill(edition, { present, held }) {
  base = edition;
  for (const name of [...texts, ...lists, ...times, "event", ...Object.keys(rows)]) setMember(name, edition[name]);
  control("id").value = present ? edition.id : "";
  control("id").placeholder = edition.id ?? "";
  control("id").readOnly = control("language").readOnly = present;
  control("correction").value = "";
  show($("correction-part"), present);
  $("f-pubStatus-usable").checked = edition.pubStatus !== "canceled" && !held;
  $("f-pubStatus-withheld").checked = held;
  show($("fresh-part"), Boolean(edition.stale));
  control("fresh").checked = false;
  fillBody(edition);
  speak();
  count();
}

// What the API reads out of the text when nothing is said of it. Empty here, it
// was left empty by its editor: null says so.
const guessed = ["people", "organisations", "places", "event", "section", "keywords"];

/** The edition as the form has it. */
export function read() {
  const edition = { ...base };
  for (const name of madeByServer) delete edition[name];
  for (const name of texts) edition[name] = control(name).value.trim();
  for (const name of lists) edition[name] = readList(name);
  for (const name of times) edition[name] = readTime(name);
  for (const name of Object.keys(rows)) edition[name] = readRows(name);
  edition.event = readEvent();
  edition.id = control("id").value.trim();
  edition.correction = control("correction").value.trim();
  const status = document.querySelector("[name=pubStatus]:checked");
  if (status) edition.pubStatus = status.value;
  if (control("fresh").checked) delete edition.sourceVersion;
  if (edition.sourceLanguage === base.language) edition.sourceLanguage = edition.language;
  Object.assign(edition, readBody());
  for (const [name, value] of Object.entries(edition)) {
    const empty = value === "" || value === undefined || (Array.isArray(value) && value.length === 0);
    if (empty && guessed.includes(name)) edition[name] = null;
    else if (empty) delete edition[name];
  }
  return edition;
}

// What a JSON Pointer of the API points at.

const alias = {
  bodyHtml: "body", bodyText: "body", bodyMarkdown: "body", wordCount: "body", readingMinutes: "body",
  sourceLanguage: "language", sourceVersion: "language",
};

/** {focus, notes, label}: what a pointer means in the form; null when nothing there does. */
export function target(pointer) {
  const [member, index, part] = pointer.split("/").slice(1).map((s) => s.replace(/~1/g, "/").replace(/~0/g, "~"));
  const name = alias[member] ?? member;
  if (rows[name] && index !== undefined) return rowTarget(name, index, part);
  if (rows[name]) return { focus: $(`add-${name}`), notes: $(`${name}-notes`), label: t(`group.${name}`) };
  if (name === "event" && index) return controlTarget(control(`event.${index}`));
  if (name === "event") return { focus: control("event.name"), notes: $("event-notes"), label: t("group.event") };
  if (name === "pubStatus") return { focus: $("f-pubStatus-usable"), notes: $("pubStatus-notes"), label: t("group.pubStatus") };
  return controlTarget(control(name ?? ""));
}

function controlTarget(input) {
  if (!input) return null;
  return { focus: input, notes: $(`${input.id}-notes`), label: input.labels[0].textContent };
}

function rowTarget(list, index, part) {
  const all = [...$(`rows-${list}`).children];
  const row = all.find((r) => r.dataset.index === index) ?? all[Number(index)];
  if (!row) return { focus: $(`add-${list}`), notes: $(`${list}-notes`), label: t(`group.${list}`) };
  const input = part && row.querySelector(`[data-member="${CSS.escape(part)}"]`);
  const label = row.querySelector("legend").textContent;
  if (input) return { focus: input, notes: $(`${input.id}-notes`), label: `${label}, ${input.labels[0].textContent}` };
  return { focus: row.querySelector("input"), notes: $(`${row.id}-notes`), label };
}

// Helps while writing.

function count() {
  const n = [...control("headline").value].length;
  $("headline-count").textContent = t("headline.count", { n });
  $("headline-count").classList.toggle("over", n > 300);
}

/** Tells the fields that hold the edition's own words which language these are in. */
function speak() {
  const tag = control("language").value.trim();
  for (const name of ["headline", "description", "body"]) {
    if (/^[a-z]{2,3}(-[a-z0-9]{1,8})*$/i.test(tag)) control(name).lang = tag;
    else control(name).removeAttribute("lang");
  }
}

export function startForm() {
  control("headline").addEventListener("input", count);
  control("headline").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) event.preventDefault(); // a headline is one line
  });
  control("language").addEventListener("input", speak);
  for (const list of Object.keys(rows)) {
    $(`add-${list}`).addEventListener("click", () => addRow(list).querySelector("input").focus());
  }
  const zone = new Intl.DateTimeFormat(lang, { timeZoneName: "long" }).resolvedOptions().timeZone;
  for (const node of document.querySelectorAll("[data-zone]")) node.textContent = t("times.zone", { zone });
  startBody();
}
