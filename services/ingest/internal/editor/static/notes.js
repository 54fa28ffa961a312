// SPDX-License-Identifier: Apache-2.0

// What is to be said about fields: warnings of the extraction, errors of the
// API and how sure a value is, each beside its field and in a list above.

import { addMember, hasMember, target } from "./form.js";
import { $, announce, el, freshId, moment, percent, said, sentence, show, t } from "./dom.js";

/** Puts a note beside a field. */
function note(where, kind, ...content) {
  if (!where?.notes) return;
  where.notes.append(el("li", { className: kind, "data-kind": kind }, ...content));
  show(where.notes);
}

/** Takes away the notes of some kinds. */
function clear(...kinds) {
  for (const li of document.querySelectorAll(".notes > li")) {
    if (!kinds.includes(li.dataset.kind)) continue;
    const list = li.parentElement;
    li.remove();
    show(list, list.children.length > 0);
  }
}

/** A line of a list above the form: a link that puts the focus into the field. */
function line(where, sentenceNode) {
  if (!where) return el("li", {}, sentenceNode);
  const link = el("a", { href: `#${where.focus.id}` }, where.label);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    where.focus.focus();
    where.focus.scrollIntoView({ block: "center" });
  });
  return el("li", {}, link, t("colon"), sentenceNode);
}

/** Shows what the extraction was unsure about. */
export function showWarnings(warnings) {
  clear("warning");
  const lines = warnings.map(({ pointer, detail }) => {
    const where = target(pointer);
    note(where, "warning", said(sentence(detail)));
    return line(where, said(sentence(detail)));
  });
  $("warnings-list").replaceChildren(...lines);
  show($("warnings"), lines.length > 0);
}

// Errors.

/** Forgets the errors of the last attempt. */
export function clearErrors() {
  clear("error");
  for (const node of document.querySelectorAll("[aria-invalid]")) node.removeAttribute("aria-invalid");
  show($("problem"), false);
}

/** Says what went wrong, in the summary and beside the fields, and moves the focus there. */
export function showProblem({ title, text, errors = [], actions = [] }) {
  clearErrors();
  const lines = errors.map(({ pointer, detail }) => {
    const where = target(pointer);
    note(where, "error", said(sentence(detail)));
    where?.focus.setAttribute("aria-invalid", "true");
    return line(where, said(sentence(detail)));
  });
  $("problem-title").textContent = title;
  $("problem-text").replaceChildren(text ?? "");
  $("problem-list").replaceChildren(...lines);
  $("problem-actions").replaceChildren(...actions.map(({ label, run }) => {
    const button = el("button", { type: "button", className: "quiet" }, label);
    button.addEventListener("click", run);
    return button;
  }));
  show($("problem"));
  $("problem").focus();
  $("problem").scrollIntoView({ block: "start" });
}

// Suggestions.

// Only events have times among what is suggested; they are in UTC.
const day = { dateStyle: "medium", timeZone: "UTC" };
const readable = (s) => {
  if (!/^\d{4}-\d\d-\d\dT/.test(s)) return s;
  return moment(s, s.includes("T00:00:00") ? day : { ...day, timeStyle: "short" });
};

/** A suggested value in words. */
function words(value) {
  if (typeof value !== "object" || value === null) return readable(String(value));
  const parts = [value.name, value.role, value.affiliation, value.startDate, value.endDate, value.location];
  return parts.filter(Boolean).map(readable).join(t("comma"));
}

/** Shows how sure the applied values are, and offers the others. */
export function showSuggestions(suggestions) {
  clear("confidence");
  const offers = [];
  for (const s of suggestions) {
    const member = s.pointer.split("/")[1];
    if (s.applied) {
      note(target(s.pointer), "confidence", t("suggestion.sure", { what: words(s.value), percent: percent(s.confidence) }));
    } else if (hasMember(member)) {
      offers.push(offer(s, member));
    }
  }
  $("suggestions-list").replaceChildren(...offers);
  show($("suggestions"), offers.length > 0);
}

function offer(s, member) {
  const add = el("button", { type: "button", className: "quiet" }, t("suggestion.add"));
  const id = freshId("offer");
  const label = member === "event" && s.pointer !== "/event" && target(s.pointer)?.label || t(`member.${member}`);
  const text = el("span", { id }, label, t("colon"), el("strong", {}, words(s.value)), ` (${percent(s.confidence)})`);
  add.id = `${id}-add`;
  add.setAttribute("aria-labelledby", `${add.id} ${id}`);
  const item = el("li", {}, text, " ", add);
  add.addEventListener("click", () => {
    const touched = addMember(member, s.value, s.pointer.split("/")[2]);
    touched.dispatchEvent(new Event("input", { bubbles: true }));
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    announce(t("suggestion.added", { what: words(s.value) }));
    show($("suggestions"), $("suggestions-list").children.length > 0);
    (next?.querySelector("button") ?? touched).focus();
  });
  return item;
}
