// SPDX-License-Identifier: Apache-2.0

// Rewrites the lines to paste as choices are made, draws the chosen element of
// the widget beside them, and themes it through its custom properties. Nothing
// is stored, and nothing is asked but this origin's API with the partner's key.

const $ = (id) => document.getElementById(id);
const all = (selector) => Array.from(document.querySelectorAll(selector));
const config = JSON.parse($("config").textContent);
const say = (key) => config.phrases[key];

const tags = { search: "relais-search", page: "relais-search", latest: "relais-latest", related: "relais-related", share: "relais-share" };

/** The widget's own colors, which hold until the partner writes others. */
const own = {
  light: { accent: "#1f5fbf", surface: "#ffffff", text: "#171b22", border: "#858d9a" },
  dark: { accent: "#8ab4ff", surface: "#171b22", text: "#edf0f5", border: "#858d9a" },
};

/** How each knob's value is written; null: it is not understood. */
const supported = (property, value) => (CSS.supports(property, value) && !/[;{}]|var\(/.test(value) ? value : null);
const color = (value) => supported("color", /^[\da-f]{3}([\da-f]{3})?$/i.test(value) ? `#${value}` : value);
const knobs = {
  accent: color, surface: color, text: color, border: color,
  radius: (value) => supported("border-radius", `${value}px`),
  shadow: (value) => supported("box-shadow", value),
  font: (value) => supported("font-family", value),
  "max-height": (value) => supported("max-height", value),
  z: (value) => supported("z-index", value),
};

const look = new Map(); // the properties the partner has set, by knob
let newest = ""; // the id of the newest article, for the elements and examples that need one

const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`).value;

/** The options that the chosen element has and the partner has given. */
function options() {
  const kind = chosen("element");
  const given = {};
  for (const control of all("[data-option]")) {
    const row = control.closest("[data-for]");
    const value = control.value.trim();
    if (value && control.validity.valid && (!row || row.dataset.for.split(" ").includes(kind))) given[control.dataset.option] = value;
  }
  return given;
}

/** The attributes of the chosen element. */
function attributes({ lang: _, ...given }) {
  return chosen("element") === "page" ? { mode: "page", ...given } : given;
}

const quoted = (value) => value.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
const tag = (name, given, between = " ") => `<${name}${Object.entries(given).map(([k, v]) => between + (v === true ? k : `${k}="${quoted(v)}"`)).join("")}>`;

function snippet(given) {
  const frozen = chosen("release") === "frozen";
  const script = { async: true, src: config.public + (frozen ? config.frozen : config.moving) };
  if (frozen) Object.assign(script, { integrity: config.sri, crossorigin: "anonymous" });
  Object.assign(script, { "data-key": config.key, "data-lang": given.lang || config.content });
  const kind = chosen("element");
  const fallback = $("fallback").checked && (kind === "search" || kind === "page");
  const inside = fallback ? `\n${config.form.replace(/^/gm, "  ")}\n` : "";
  return `${tag("script", script, frozen ? "\n  " : " ")}</script>\n${tag(tags[kind], attributes(given))}${inside}</${tags[kind]}>`;
}

function styleSheet() {
  const lines = Object.keys(knobs).filter((knob) => look.has(knob)).map((knob) => `  --relais-${knob}: ${look.get(knob)};`);
  return lines.length ? `:root {\n${lines.join("\n")}\n}` : say("css.none");
}

/** Writes code with its words in color: each pair is a class and what it colors. */
function paint(code, text, pairs) {
  const words = new RegExp(pairs.map(([, pattern]) => `(${pattern})`).join("|"), "g");
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(words)) {
    const span = document.createElement("span");
    span.className = pairs[found.slice(1).findIndex((group) => group !== undefined)][0];
    span.textContent = found[0];
    parts.push(text.slice(at, found.index), span);
    at = found.index + found[0].length;
  }
  code.replaceChildren(...parts, text.slice(at));
}
const markup = [["string", '"[^"]*"'], ["word", "</?[\\w-]+|/?>"], ["name", "[\\w-]+(?==)"]];
const css = [["quiet", "/\\*.*?\\*/"], ["name", "--[\\w-]+"], ["word", ":root"]];
const shell = [["string", "'[^']*'"], ["word", "\\b(?:curl|const|await|if|throw|new)\\b"]];

/** The red, green, blue of a CSS color, 0 to 255. */
const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
function rgb(value) {
  pixel.fillStyle = "#fff"; // under what is not opaque
  pixel.fillRect(0, 0, 1, 1);
  pixel.fillStyle = value;
  pixel.fillRect(0, 0, 1, 1);
  return Array.from(pixel.getImageData(0, 0, 1, 1).data.slice(0, 3));
}
const hex = (value) => `#${rgb(value).map((part) => part.toString(16).padStart(2, "0")).join("")}`;

/** WCAG 2 relative luminance and contrast ratio. */
function luminance(value) {
  const [r, g, b] = rgb(value).map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function ratio(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const down = new Intl.NumberFormat(config.lang, { maximumFractionDigits: 1, minimumFractionDigits: 1, roundingMode: "floor" });

/** Judges the colors in each theme that a reader may be shown. */
function judge(theme) {
  const rows = [];
  for (const scheme of theme ? [theme] : ["light", "dark"]) {
    const of = (knob) => look.get(knob) ?? own[scheme][knob];
    for (const knob of ["text", "accent"]) {
      const found = ratio(of(knob), of("surface"));
      const row = document.createElement("li");
      row.className = found < 4.5 ? "low" : "good";
      row.textContent = `${say(`contrast.${knob}`)} (${say(`contrast.${scheme}`)}) ${down.format(found)}:1 – ${say(found < 4.5 ? "contrast.low" : "contrast.good")}`;
      rows.push(row);
    }
  }
  $("contrast").replaceChildren(...rows);
}

/** Applies the look to the preview at once. */
function dress() {
  for (const knob of Object.keys(knobs)) {
    if (look.has(knob)) $("stage").style.setProperty(`--relais-${knob}`, look.get(knob));
    else $("stage").style.removeProperty(`--relais-${knob}`);
  }
  for (const pick of all("[data-pick]")) {
    const knob = pick.dataset.pick;
    $(knob).placeholder = own[$("stage").dataset.scheme][knob];
    pick.value = hex(look.get(knob) ?? $(knob).placeholder);
  }
  $("radius-value").textContent = `${$("radius").value} px`;
}

let drawn = ""; // what the preview shows
let later; // the timer that draws it

/** Shows the chosen element with its options. */
function draw() {
  const given = options();
  const kind = chosen("element");
  const needs = kind === "related" || kind === "share";
  const wanted = { placeholder: kind === "search" || kind === "page" ? say("preview.placeholder") : "", ...attributes(given), lang: given.lang };
  delete wanted.theme;
  const now = JSON.stringify([kind, wanted]);
  if (now === drawn) return;
  drawn = now;
  const element = document.createElement(tags[kind]);
  for (const [name, value] of Object.entries(wanted)) if (value) element.setAttribute(name, value);
  $("frame").replaceChildren(...(needs && !wanted.article ? [] : [element]));
  $("stage").dataset.element = kind;
  theme();
}

/** The element follows the preview's switch as it would the reader's system, unless a theme is fixed. */
function theme() {
  $("frame").firstElementChild?.setAttribute("theme", $("theme").value || $("stage").dataset.scheme);
}

/** Brings the page in line with every choice. */
function update() {
  const kind = chosen("element");
  for (const row of all("[data-for]")) row.hidden = !row.dataset.for.split(" ").includes(kind);
  const given = options();
  paint($("snippet"), snippet(given), markup);
  paint($("css"), styleSheet(), css);
  $("snippet-note").textContent = chosen("release") === "frozen" ? say("sri.note") : "";
  const stage = $("stage");
  stage.dataset.scheme = chosen("scheme");
  stage.dir = $("rtl").checked ? "rtl" : "ltr";
  $("frame").style.maxInlineSize = chosen("width") ? `${chosen("width")}px` : "";
  $("stage-note").textContent = (kind === "related" || kind === "share") && !given.article ? say(newest ? "article.missing" : "preview.none") : "";
  for (const example of all("[data-as]")) example.hidden = example.dataset.as !== chosen("as");
  judge(given.theme);
  dress();
  theme();
  clearTimeout(later);
  later = setTimeout(draw, 250);
}

/** Takes a knob's value, or leaves it out and says so. */
function turn(knob, control) {
  const value = control.value.trim();
  const written = value ? knobs[knob](value) : null;
  if (written) look.set(knob, written);
  else look.delete(knob);
  const bad = Boolean(value) && !written;
  if (bad) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
  $("look-notes").textContent = all("[data-knob][aria-invalid]").length ? say("value.bad") : "";
}

function reset() {
  look.clear();
  for (const control of all("[data-knob]")) {
    control.value = control.defaultValue ?? "";
    control.removeAttribute("aria-invalid");
  }
  $("look-notes").textContent = "";
  $("said").textContent = say("reset.done");
  update();
}

/** Copies the text a button stands for, or selects it where the clipboard is closed. */
async function copy(button) {
  const source = $(button.dataset.copy);
  let told = say("copied");
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    getSelection().selectAllChildren(source);
    told = say("copy.select");
  }
  const label = button.firstElementChild;
  label.textContent = told;
  $("said").textContent = told;
  setTimeout(() => {
    label.textContent = say("copy");
    $("said").textContent = "";
  }, 2500);
}

/** Finds the newest article, for what needs one. */
async function find() {
  const query = new URLSearchParams({ key: config.key, lang: config.content, limit: "1" });
  const response = await fetch(`/v1/latest?${query}`, { credentials: "omit" });
  if (!response.ok) throw new Error(`latest answered ${response.status}`);
  const { hits } = await response.json();
  if (!hits.length) {
    $("stage-note").textContent = say("preview.none");
    return;
  }
  newest = hits[0].id;
  $("article").value ||= newest;
  for (const example of all("[data-article]")) {
    for (const code of example.querySelectorAll("pre code")) paint(code, code.textContent.replaceAll("{id}", newest), shell);
    const link = example.querySelector(".try");
    link.href = link.getAttribute("href").replace(/%7bid%7d|\{id\}/i, newest);
    link.hidden = false;
  }
  update();
}

function start() {
  for (const id of ["options", "release", "look", "elements", "preview-card", "live", "live-css", "as"]) $(id).hidden = false;
  $("plain").hidden = true;
  for (const button of all("[data-copy]")) {
    const around = button.closest(".code:has(h3), .call, .facts > div, li, section");
    const of = document.createElement("span");
    of.className = "unseen";
    of.textContent = ` – ${around.querySelector("h3, dt, strong, h2").textContent}`;
    button.append(of);
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
  for (const code of all(".call code[id$='-curl'], .call code[id$='-js']")) paint(code, code.textContent, shell);
  paint($("form"), $("form").textContent, markup);
  document.querySelector(`input[name="scheme"][value="${matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"}"]`).checked = true;
  for (const control of all("[data-knob]")) control.addEventListener("input", () => turn(control.dataset.knob, control));
  for (const pick of all("[data-pick]")) {
    pick.addEventListener("input", () => {
      const field = $(pick.dataset.pick);
      field.value = pick.value;
      turn(pick.dataset.pick, field);
    });
  }
  $("main").addEventListener("input", update);
  $("reset").addEventListener("click", reset);
  $("frame").addEventListener("relais:open", (event) => { // the reader of this page is not to lose it
    if (!/^https?:/.test(event.detail.url)) return;
    event.preventDefault();
    open(event.detail.url, "_blank", "noopener");
  });
  update();
  find().catch(() => { $("stage-note").textContent = say("preview.failed"); });
}

start();
