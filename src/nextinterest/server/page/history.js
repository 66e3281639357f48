// The history as a timeline, newest first, and the search that adds to it.

import * as api from "/page/api.js";
import { byId, day, el, titled } from "/page/dom.js";

const SHOWN = 15;
const SEEN = { seen: "Seen", view: "Viewed", click: "Clicked", play: "Played", read: "Read", rate: "Rated" };
const LIKED = {
  liked: "Liked", like: "Liked", save: "Saved", share: "Shared", cart: "In the cart", buy: "Bought", borrow: "Borrowed",
};
const DISLIKED = { disliked: "Disliked", dislike: "Disliked" };
const VERBS = { ...SEEN, ...LIKED, ...DISLIKED };
const MARKS = { seen: "•", liked: "♥", disliked: "✕" };
const HIDDEN = ["hidden", "hide", "skip", "remove", "return"];

/** Whether an event only keeps its item out of lists. */
export const hides = (event) => HIDDEN.includes(event.kind);

/** How an event counts: seen, liked or disliked. */
const readAs = (kind) => (kind in LIKED ? "liked" : kind in DISLIKED ? "disliked" : "seen");

/** Show a profile's events; `act` carries out what its buttons do. */
export function showHistory(profile, act) {
  const events = profile.events.filter((event) => !hides(event)).reverse();
  const timeline = byId("timeline");
  const more = byId("all-events");
  const show = (count) => {
    let last = null;
    timeline.replaceChildren(
      ...events.slice(0, count).map((event) => {
        const date = event.time === null ? "" : day(event.time);
        const row = eventRow(event, profile.items[event.item_id], date === last ? null : date, act);
        last = date;
        return row;
      }),
    );
    more.hidden = events.length <= count;
    more.textContent = `Show all ${events.length} events`;
  };
  show(SHOWN);
  more.onclick = () => {
    show(events.length);
    timeline.querySelectorAll("button")[SHOWN]?.focus();
  };
  if (events.length === 0) {
    timeline.replaceChildren(
      el("li", { class: "empty" }, "Nothing yet. Add what was seen; each event changes everything here at once."),
    );
  }
}

function eventRow(event, item, date, act) {
  const title = item === undefined ? `${event.item_id} (no longer in the catalogue)` : titled(item);
  const verb = VERBS[event.kind];
  return el(
    "li",
    { class: `event ${readAs(event.kind)}` },
    date === null ? null : el("p", { class: "date" }, el("time", { datetime: event.time }, date)),
    el("span", { class: "mark", "aria-hidden": "true" }, MARKS[readAs(event.kind)]),
    el(
      "div",
      { class: "what" },
      el("p", { class: "title" }, el("span", { class: "unseen" }, `${verb}: `), title),
      el(
        "p",
        { class: "meta" },
        [item?.categories.join(" · "), event.rating === null ? null : `rated ${event.rating}`]
          .filter(Boolean)
          .join(" · "),
      ),
    ),
    el(
      "button",
      {
        type: "button",
        class: "icon",
        "aria-label": `Take back: ${title}`,
        title: "Take back",
        click: () => act((user) => api.retract(user, event.item_id), `${title} was taken back; everything is up to date.`),
      },
      "×",
    ),
  );
}

/** Let titles be looked up while they are typed, and added. */
export function startSearch(act) {
  const input = byId("title");
  const list = byId("found");
  const note = byId("find-note");
  let latest = 0;
  let timer;

  const add = async (item, kind) => {
    const said = `${titled(item)} was added; everything is up to date.`;
    input.value = "";
    list.replaceChildren();
    await act((user) => api.tell(user, item.id, kind), said);
    input.focus();
  };

  const look = async () => {
    const mine = ++latest;
    const text = input.value.trim();
    const found = text === "" ? [] : await api.find(text).catch(() => []);
    if (mine !== latest) return;
    list.replaceChildren(
      ...found.map((item) =>
        el(
          "li",
          {},
          el(
            "div",
            { class: "what" },
            el("p", { class: "title" }, titled(item)),
            el("p", { class: "meta" }, item.categories.join(" · ")),
          ),
          el(
            "div",
            { class: "buttons" },
            button(`Seen: ${titled(item)}`, "Seen", () => add(item, "seen")),
            button(`Liked: ${titled(item)}`, "Liked", () => add(item, "liked")),
          ),
        ),
      ),
    );
    note.textContent = text === "" ? "" : `${found.length} ${found.length === 1 ? "title" : "titles"} found.`;
    if (text !== "" && found.length === 0) list.append(el("li", { class: "empty" }, "No such title."));
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 120);
  });
  byId("find").addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    look().then(() => list.querySelector("button")?.focus());
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    input.value = "";
    look();
  });
}

function button(label, text, click) {
  return el("button", { type: "button", "aria-label": label, click }, text);
}
