// The chat: answers arrive piece by piece; what changed the profile refreshes the page.

import * as api from "/page/api.js";
import { byId, el, say } from "/page/dom.js";

const REMEMBERED = 24; // messages sent along, for a server that does not know the conversation any more

/** An id for a conversation; randomUUID is not there on plain HTTP from another machine. */
const fresh = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Start the chat. `user` says who talks; `changed` is called after an answer that changed the profile. */
export function startChat(user, changed) {
  const log = byId("talk");
  const question = byId("question");
  const send = byId("ask").querySelector("button");
  let messages = [];
  let session = fresh();
  let busy = false;

  const bubble = (who, text) => {
    const words = el("p", { class: "words" }, text);
    log.append(
      el("div", { class: `message ${who}` }, el("span", { class: "unseen" }, who === "me" ? "You: " : "Answer: "), words),
    );
    log.scrollTop = log.scrollHeight;
    return words;
  };

  const ask = async (text) => {
    const name = user();
    const mine = messages;
    busy = send.disabled = true;
    bubble("me", text);
    mine.push({ role: "user", content: text });
    const words = bubble("it", "");
    // Read out once it is whole, not piece by piece.
    log.setAttribute("aria-busy", "true");
    words.classList.add("writing");
    try {
      let reply = null;
      for await (const chunk of api.chat(name, mine.slice(-REMEMBERED), session)) {
        words.append(chunk.choices[0]?.delta.content ?? "");
        log.scrollTop = log.scrollHeight;
        reply = chunk.nextinterest ?? reply;
      }
      mine.push({ role: "assistant", content: words.textContent });
      if (reply !== null) understood(words.parentElement, reply.request);
      if (reply?.confirmation?.events > 0 && name === user()) {
        await changed();
        say("The profile changed; everything is up to date.");
      }
    } catch (error) {
      words.textContent = error.message;
      words.classList.add("bad");
      mine.pop();
    } finally {
      words.classList.remove("writing");
      log.removeAttribute("aria-busy");
      log.scrollTop = log.scrollHeight;
      busy = send.disabled = false;
    }
  };

  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = question.value.trim();
    if (text === "" || busy) return;
    question.value = "";
    grow();
    ask(text);
  });
  question.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    byId("ask").requestSubmit();
  });
  const grow = () => {
    question.rows = Math.min(5, question.value.split("\n").length);
  };
  question.addEventListener("input", grow);

  return {
    clear() {
      messages = [];
      session = fresh();
      log.replaceChildren();
    },
  };
}

/** Say what was understood, so that a misunderstanding shows. */
function understood(message, request) {
  const where = request.where;
  const parts = [request.intent];
  if (request.count !== null) parts.push(`${request.count} ${request.count === 1 ? "item" : "items"}`);
  if (where.year_from !== null || where.year_to !== null) {
    parts.push(`${where.year_from ?? ""}–${where.year_to ?? ""}`);
  }
  parts.push(...where.categories);
  parts.push(...where.excluded_categories.map((name) => `no ${name}`));
  parts.push(...request.similar_to.map((name) => `like ${name}`));
  message.append(el("p", { class: "understood" }, `Understood: ${parts.join(" · ")}`));
}
