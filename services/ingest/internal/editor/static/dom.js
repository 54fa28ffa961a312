// SPDX-License-Identifier: Apache-2.0

// Small tools for the page: elements, phrases in the page's language, and what
// is said to who does not see the screen.

const page = JSON.parse(document.getElementById("phrases").textContent);

/** The language of the page, not of an edition. */
export const lang = document.documentElement.lang;

export const $ = (id) => document.getElementById(id);

/** A phrase of the page, with {names} filled in. */
export function t(key, values = {}) {
  const phrase = page.phrases[key] ?? key;
  return phrase.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** An element with properties, attributes (names with a dash) and children; texts are texts. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.includes("-")) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}

/** Shows or hides an element. */
export function show(node, visible = true) {
  node.hidden = !visible;
}

/** A copy of a <template>'s first element. */
export const stamp = (id) => $(id).content.firstElementChild.cloneNode(true);

let nextId = 0;

/** An id nobody has yet. */
export const freshId = (prefix) => `${prefix}-${++nextId}`;

/** Says something politely to assistive technology. */
export function announce(text) {
  $("live").textContent = "";
  // Two changes in one frame are one to a screen reader: the same phrase again would be lost.
  requestAnimationFrame(() => { $("live").textContent = text; });
}

const escaped = (s) => s.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

const details = page.details.map(([from, to]) => ({
  pattern: new RegExp("^" + escaped(from).replace(/\\\{\d\\\}/g, "([^]*)") + "$"), to,
}));

/** What a sentence of the server quotes, in the quotation marks of the page. */
function quoted(part) {
  return part.replaceAll("“", t("quote.open")).replaceAll("”", t("quote.close"))
    .replace(/, and (\d+) more$/, (_, n) => t("quote.more", { n }));
}

/**
 * A sentence of the server in the page's language: {text, lang}. One that has
 * no translation stays in English, and says so.
 */
export function sentence(detail) {
  const capital = (s) => s.charAt(0).toLocaleUpperCase(lang) + s.slice(1);
  for (const { pattern, to } of details) {
    const found = pattern.exec(detail);
    if (found) return { text: capital(to.replace(/\{(\d)\}/g, (_, n) => quoted(found[Number(n) + 1]))), lang };
  }
  return { text: capital(detail), lang: "en" };
}

/** A text node or, in another language than the page's, a span that says so. */
export function said({ text, lang: its }) {
  return its === lang ? document.createTextNode(text) : el("span", { lang: its }, text);
}

/** A moment as people write it. */
export function moment(iso, style = { dateStyle: "medium", timeStyle: "short" }) {
  return new Intl.DateTimeFormat(lang, style).format(new Date(iso));
}

/** A moment as an element: the time alone when it is today. */
export function when(iso) {
  const today = new Date(iso).toDateString() === new Date().toDateString();
  return el("time", { dateTime: iso }, today ? moment(iso, { timeStyle: "medium" }) : moment(iso));
}

/** A share of one as a percentage. */
export const percent = (n) => new Intl.NumberFormat(lang, { style: "percent" }).format(n);
