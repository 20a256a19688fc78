// The API: one function for a call, one to follow a document until it stops changing.

import { settings, token } from "./auth.js";

/** An answer that is not what was asked for: `code` is stable, the message is for the person. */
export class Problem extends Error {
  constructor(status, body, retryAfter) {
    const fields = (body.errors ?? []).map((error) => `${error.field}: ${error.message}`);
    super([body.detail ?? "The service did not answer as it should; try again.", ...fields].join(" "));
    this.status = status;
    this.code = body.code ?? "unknown";
    this.retryAfter = retryAfter;
  }
}

let contract = null;

async function send(method, path, { body, headers, renew }) {
  const { api } = await settings();
  const id = await token({ renew });
  if (!id) {
    dispatchEvent(new Event("facet:signed-out"));
    throw new Problem(401, { code: "unauthorized", detail: "You were signed out; sign in again." });
  }
  try {
    return await fetch(api + path, {
      method,
      headers: { Authorization: `Bearer ${id}`, ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Problem(0, { code: "offline", detail: "The service cannot be reached. Are you online?" });
  }
}

/** The parsed answer (null for none). A POST carries an Idempotency-Key. Raises Problem. */
export async function call(method, path, body, { headers = {}, raw = false } = {}) {
  const request = { body, headers: method === "POST" ? { "Idempotency-Key": crypto.randomUUID(), ...headers } : headers };
  let response = await send(method, path, request);
  if (response.status === 401) response = await send(method, path, { ...request, renew: true });
  const answer = await response.json().catch(() => null);
  if (!response.ok && response.status !== 304) {
    throw new Problem(response.status, answer ?? {}, Number(response.headers.get("Retry-After")) || null);
  }
  return raw ? { status: response.status, etag: response.headers.get("ETag"), answer } : answer;
}

export const get = (path) => call("GET", path);

/** Every item of a paged list: all("/v1/bag", "items"). */
export async function all(path, name, most = 300) {
  const items = [];
  let cursor = "";
  do {
    const page = await get(`${path}${path.includes("?") ? "&" : "?"}limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    items.push(...(page[name] ?? []));
    cursor = page.cursor ?? "";
  } while (cursor && items.length < most);
  return items;
}

const pause = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });

/**
 * Calls seen(document) for every version of it, asking as often as the document says, until it
 * names no next time or `signal` is aborted. A short break in the line is waited out.
 */
export async function follow(path, seen, { signal, again = () => null } = {}) {
  let etag = null;
  let document = null;
  for (let failures = 0; !signal?.aborted; ) {
    try {
      const got = await call("GET", path, undefined, { headers: etag ? { "If-None-Match": etag } : {}, raw: true });
      if (signal?.aborted) return document;
      if (got.status !== 304) {
        ({ etag, answer: document } = got);
        seen(document);
      }
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures > 5 || (error.status >= 400 && error.status < 500 && error.status !== 429)) throw error;
      await pause((error.retryAfter ?? 2 ** failures) * 1000, signal);
      continue;
    }
    const wait = document.poll_after_ms ?? again(document);
    if (!wait) return document;
    await pause(wait, signal);
  }
  return document;
}

/** PUT of a file to a presigned URL, with exactly its headers. progress(0..1). Raises Problem. */
export function upload(url, { method, headers }, file, progress = () => {}, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const refused = (detail) => reject(new Problem(request.status, { code: "upload_refused", detail }));
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) {
      // The browser sends the length by itself and lets no page do it.
      if (name.toLowerCase() !== "content-length") request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    // 412: it is there already, since an answer was lost.
    request.onload = () => (request.status < 300 || request.status === 412 ? resolve() : refused("The photo was refused on its way; start again."));
    request.onerror = () => refused("The upload broke off. Check the connection and start again.");
    request.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}

/** Base64 of a file's SHA-256. */
export async function sha256(file) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return btoa(String.fromCharCode(...hash));
}

/** The allowed values of a field, from the API's own contract: allowed("Profile", "skin_type"). */
export async function allowed(schema, name) {
  contract ??= (async () => (await fetch(`${(await settings()).api}/v1/openapi.json`)).json())();
  const { schemas } = (await contract).components;
  const values = (field) => {
    if (!field) return [];
    if (field.$ref) return values(schemas[field.$ref.split("/").pop()]);
    return field.enum ?? (field.const ? [field.const] : [...(field.anyOf ?? []), field.items].flatMap((part) => values(part)));
  };
  return values(schemas[schema]?.properties?.[name]);
}
