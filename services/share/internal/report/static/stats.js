// SPDX-License-Identifier: Apache-2.0

// Takes an editor's key, fetches this very page with it, and puts the numbers in
// place. The key lives in the session storage of this tab, where the editor's
// page keeps it too, and in the Authorization header, and nowhere else.

const slot = "relais.key";
const $ = (id) => document.getElementById(id);

/** What the page may come to say, by key. */
const phrases = Object.fromEntries(Array.from(document.querySelectorAll("#phrases > li"), (li) => [li.dataset.key, li.textContent]));

/** Shows one of the parts of the page. */
function show(part) {
  for (const id of ["loading", "problem", "ask"]) $(id).hidden = id !== part;
  $("forget").hidden = part === "ask";
}

/** Fetches with the key. Answers a Response; throws when none came. */
function send(address) {
  return fetch(address, {
    cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer",
    headers: { Authorization: `Bearer ${sessionStorage.getItem(slot) ?? ""}` },
  });
}

/** Asks for the key, and says what was wrong with the one before. */
function ask(text = "") {
  sessionStorage.removeItem(slot);
  show("ask");
  complain(text);
}

function complain(text) {
  $("key-notes").textContent = text;
  if (text) $("key").setAttribute("aria-invalid", "true");
  else $("key").removeAttribute("aria-invalid");
  $("key").focus();
}

function fail(status) {
  if (status === 401 || status === 403) return ask(phrases[`problem.${status}`]);
  $("problem-text").textContent = phrases[`problem.${status}`] ?? phrases["problem.503"];
  show("problem");
  $("problem-title").focus();
}

async function load() {
  show("loading");
  let response, text;
  try {
    response = await send(location.href);
    text = await response.text();
  } catch {
    return fail(0);
  }
  if (!response.ok) return fail(response.status);
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const report = fresh.getElementById("report");
  if (!report) return fail(503);
  $("main").replaceChildren(document.adoptNode(report));
  report.querySelector("h1").focus();
}

/** Fetches a table, which a plain link could not without the key, and hands it to the browser to keep. */
async function download(link) {
  let response;
  try {
    response = await send(link.href);
  } catch {
    return void alert(phrases["problem.0"]);
  }
  if (!response.ok) return void alert(phrases[`problem.${response.status}`] ?? phrases["problem.503"]);
  const file = document.createElement("a");
  file.href = URL.createObjectURL(await response.blob());
  const name = /filename="?([\w.-]+)/.exec(response.headers.get("Content-Disposition") ?? "");
  file.download = name?.[1] ?? "relais.csv";
  file.click();
  setTimeout(() => URL.revokeObjectURL(file.href), 10_000);
}

$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const value = $("key").value.trim();
  if (!/^rk_[\x21-\x7e]+$/.test(value)) {
    return complain(phrases[value.startsWith("pk_") ? "key.publishable" : "key.malformed"]);
  }
  sessionStorage.setItem(slot, value);
  $("key").value = "";
  load();
});
$("retry").addEventListener("click", load);
$("forget").addEventListener("click", () => {
  sessionStorage.removeItem(slot);
  location.reload();
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.csv");
  if (!link) return;
  event.preventDefault();
  download(link);
});

if (sessionStorage.getItem(slot)) load();
else show("ask");
