// SPDX-License-Identifier: Apache-2.0

// The field a text or a page is brought into: pasted, dropped or chosen.

import { $, announce, show, t } from "./dom.js";

const field = $("source");
const kind = $("source-type");

let formatted = null; // the HTML of the last paste, while the field shows its text

const kinds = { html: "text/html", htm: "text/html", md: "text/markdown", markdown: "text/markdown", txt: "text/plain" };

/** Takes the HTML of a paste beside the text that the field takes. */
function pasted(event) {
  const html = event.clipboardData.getData("text/html");
  const whole = field.selectionStart === 0 && field.selectionEnd === field.value.length;
  if (!whole) return; // pasted into something: only the text can be joined
  const onlyText = event.clipboardData.getData("text/plain");
  if (!html || !onlyText) return forgetFormatting();
  event.preventDefault();
  field.value = onlyText;
  formatted = html;
  kind.value = "text/html";
  $("keep-formatting").checked = true;
  show($("formatting"));
  announce(t("source.hasFormatting"));
}

function forgetFormatting() {
  formatted = null;
  show($("formatting"), false);
}

/** Writing into the field makes what stands there the source. */
function edited() {
  if (!formatted) return;
  forgetFormatting();
  kind.value = "text/plain";
  announce(t("source.formattingLeft"));
}

function choose(keep) {
  kind.value = keep ? "text/html" : "text/plain";
}

async function take(file) {
  const extension = file.name.split(".").pop().toLowerCase();
  if (!kinds[extension]) return complain(t("source.badFile", { name: file.name }));
  if (file.size > 1 << 20) return complain(t("source.tooLarge"));
  forgetFormatting();
  field.value = decode(await file.arrayBuffer());
  kind.value = kinds[extension];
  complain("");
  announce(t("source.read", { name: file.name }));
  field.focus();
}

/** Bytes as text: UTF-8 or, when they are not, what Windows wrote. */
function decode(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Says what is wrong with the source; an empty text takes the complaint away. */
export function complain(text) {
  $("source-notes").replaceChildren();
  show($("source-notes"), Boolean(text));
  field.toggleAttribute("aria-invalid", Boolean(text));
  if (!text) return;
  const li = document.createElement("li");
  li.className = "error";
  li.textContent = text;
  $("source-notes").append(li);
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

/** {body, type} to send, or null when there is nothing. */
export function readSource() {
  const body = formatted && kind.value === "text/html" ? formatted : field.value;
  return body.trim() ? { body, type: kind.value } : null;
}

export function clearSource() {
  field.value = "";
  kind.value = "text/plain";
  $("source-file").value = "";
  forgetFormatting();
  complain("");
}

export function startSource() {
  const zone = $("drop");
  field.addEventListener("paste", pasted);
  field.addEventListener("input", edited);
  kind.addEventListener("change", () => {
    if (!formatted) return;
    $("keep-formatting").checked = kind.value === "text/html";
    $("only-text").checked = kind.value !== "text/html";
  });
  $("keep-formatting").addEventListener("change", () => choose(true));
  $("only-text").addEventListener("change", () => choose(false));
  $("source-file").addEventListener("change", ({ target }) => target.files[0] && take(target.files[0]));
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  // A file that misses the field must not take the place of the page.
  for (const name of ["dragover", "drop"]) {
    addEventListener(name, (event) => { if (event.dataTransfer.types.includes("Files")) event.preventDefault(); });
  }
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    zone.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });
}
