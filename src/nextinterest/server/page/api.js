// The server's API. A key, where one is needed, is kept in this tab alone.

import { byId, say } from "/page/dom.js";

const KEY = "nextinterest-key";
const TRIES = 4;
const LONGEST_WAIT = 10;
const BUSY = "The server is busy; trying again in";

/** What the server answered instead of a success. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function send(method, path, body, headers = {}) {
  for (let tried = 1; ; ) {
    const key = sessionStorage.getItem(KEY);
    const answer = await fetch(path, {
      method,
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(key === null ? {} : { Authorization: `Bearer ${key}` }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (answer.status === 401) {
      await askForKey();
      continue;
    }
    if (answer.ok) return answer;
    const { code, message } = await explained(answer);
    // At capacity nothing was done yet, so that the same request can be sent again.
    if (code !== "overloaded") throw new Refused(answer.status, message);
    if (tried === TRIES) throw new Refused(answer.status, "The server is busy. Try again in a moment.");
    const seconds = Math.min(Number(answer.headers.get("Retry-After")) || tried, LONGEST_WAIT);
    say(`${BUSY} ${seconds} s.`);
    tried += 1;
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    // Taken away again, unless something else was said since.
    if (byId("status").textContent.startsWith(BUSY)) say("");
  }
}

async function explained(answer) {
  try {
    return (await answer.json()).error;
  } catch {
    return { message: `The server answered ${answer.status}.` };
  }
}

let asking = null;
function askForKey() {
  // Several requests may be refused at once; one dialog asks for all of them.
  asking ??= new Promise((resolve) => {
    const dialog = byId("key-dialog");
    const done = () => {
      const key = byId("key").value.trim();
      byId("key").value = "";
      sessionStorage.setItem(KEY, key);
      asking = null;
      resolve();
    };
    dialog.addEventListener("close", done, { once: true });
    dialog.showModal();
  });
  return asking;
}

const user = (name) => `/v1/users/${encodeURIComponent(name)}`;
const json = async (answer) => (await answer).json();

/** Names of the users there are; none where the key opens one user and may not list them. */
export async function users() {
  try {
    return (await json(send("GET", "/v1/users"))).users;
  } catch (error) {
    if (error instanceof Refused && error.status === 403) return [];
    throw error;
  }
}
export const profile = (name) => json(send("GET", user(name)));
export const forget = (name) => json(send("DELETE", user(name)));
/** A ranked list; `asked` holds constraints (`where`) and words (`query`). */
export const recommend = (name, k, asked) =>
  json(send("POST", "/v1/recommend", { user: name, k, ...asked }));
export const catalogue = () => json(send("GET", "/v1/catalogue"));
export const interests = (name) => json(send("GET", `/v1/interests?user=${encodeURIComponent(name)}`));
export const forecast = (name) => json(send("GET", `/v1/forecast?user=${encodeURIComponent(name)}`));
export const retract = (name, item) =>
  json(send("DELETE", `${user(name)}/events/${encodeURIComponent(item)}`));
export const tell = (name, item, kind) =>
  json(
    send("POST", `${user(name)}/events`, { events: [{ item_id: item, kind }] }, {
      "Idempotency-Key": crypto.randomUUID(),
    }),
  );
export const find = async (text) =>
  (await json(send("GET", `/v1/items?limit=6&query=${encodeURIComponent(text)}`))).items;

/** Yield the chunks of a streamed chat completion. The server keeps the conversation under the session's id. */
export async function* chat(name, messages, session) {
  const body = { model: "nextinterest", user: name, stream: true, messages, nextinterest: { session } };
  const answer = await send("POST", "/v1/chat/completions", body);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events) {
      const data = event.replace(/^data: /, "");
      if (data === "[DONE]") return;
      const chunk = JSON.parse(data);
      if (chunk.error) throw new Refused(500, chunk.error.message);
      yield chunk;
    }
  }
}
