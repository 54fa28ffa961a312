// SPDX-License-Identifier: Apache-2.0

// Calls to the API with the editor's key. The key lives in the session storage
// of this tab and in the Authorization header, and nowhere else.

const slot = "relais.key";

export const key = {
  get: () => sessionStorage.getItem(slot),
  set: (value) => sessionStorage.setItem(slot, value),
  forget: () => sessionStorage.removeItem(slot),
};

/**
 * A call that did not succeed. status is 0 when no answer came; problem is the
 * problem details object (RFC 9457) of the answer, if it had one.
 */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `status ${status}`);
    this.status = status;
    this.problem = problem;
  }

  /** Whether the key is what was refused. */
  get byKey() { return this.status === 401 || this.status === 403; }
}

/** The path of an edition. */
export const editionPath = (id, language) => `/v1/articles/${encodeURIComponent(id)}/${encodeURIComponent(language)}`;

/** Sends a request and returns its Response, whatever its status; Refused when no answer came. */
export async function send(method, path, { headers = {}, body, signal } = {}) {
  try {
    return await fetch(path, {
      method, body, signal, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer",
      headers: { Authorization: `Bearer ${key.get() ?? ""}`, ...headers },
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused(0, {});
  }
}

/** The Refused of a Response that is an error. */
export async function refusal(response) {
  const isProblem = (response.headers.get("Content-Type") ?? "").includes("json");
  const problem = isProblem ? await response.json().catch(() => ({})) : {};
  return new Refused(response.status, problem);
}

/** Sends a request and returns {status, tag, data}; throws Refused. */
export async function call(method, path, options) {
  const response = await send(method, path, options);
  if (!response.ok) throw await refusal(response);
  const data = response.status === 204 ? null : await response.json();
  return { status: response.status, tag: response.headers.get("ETag") ?? "", data };
}

/** Sends a value as JSON. */
export function callJSON(method, path, value, headers = {}) {
  return call(method, path, { body: JSON.stringify(value), headers: { "Content-Type": "application/json", ...headers } });
}

/** A name for one attempt, under which it may be sent again. */
export function attemptName() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}
