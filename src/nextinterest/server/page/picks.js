// Recommendations with their probabilities and reasons, and the items that were hidden.

import * as api from "/page/api.js";
import { byId, el, percent, titled } from "/page/dom.js";
import { hides } from "/page/history.js";

const SOURCES = 3;
const WORDS = "request"; // the source of what was asked for in words
// What people read for the names of sources, which docs/retrieval.md explains; the JSON keeps the names.
const LABELS = {
  request: "your words",
  named: "what you named",
  attributes: "what has things in common with your history",
  text: "texts like those of your history",
  popularity: "what many people choose",
  cooccurrence: "what goes with your items",
  sequence: "what people with a like history chose next",
  ease: "what people who chose the same also chose",
  lift: "what often follows your latest items",
  item_softmax: "what the language model expects next",
  generated: "an interest that the language model expects",
};

/** Show a ranked list and the profile's hidden items. */
export function showPicks(list, profile, act) {
  const most = Math.max(...list.items.map((item) => item.probability), 1e-9);
  const measured = list.items.some((item) => item.evidence.some((event) => event.effect > 0));
  const meaning = "×1.20: the event makes the title 1.2 times as likely as it were without it.";
  byId("picks-note").textContent = [...list.notes, ...(measured ? [meaning] : [])].join(" ");
  const none = el("li", { class: "empty" }, "Nothing to recommend here.");
  byId("picks").replaceChildren(
    ...(list.items.length > 0 ? list.items.map((item) => pick(item, most, act)) : [none]),
  );
  showHidden(profile, act);
}

function pick(item, most, act) {
  const title = titled(item);
  const told = (kind, said) => () => act((user) => api.tell(user, item.item_id, kind), said);
  const bar = el("meter", {
    min: 0,
    max: most,
    value: item.probability,
    "aria-label": `Probability that ${title} is next: ${percent(item.probability)}`,
  });
  return el(
    "li",
    { class: "pick" },
    el(
      "div",
      { class: "what" },
      el("h3", { class: "title" }, title),
      el("p", { class: "meta" }, item.categories.join(" · ")),
      reason(item),
      sources(item),
    ),
    el("div", { class: "chance" }, el("span", { "aria-hidden": "true" }, percent(item.probability)), bar),
    el(
      "div",
      { class: "buttons" },
      button(`Liked: ${title}`, "Liked", told("liked", `${title} is liked; everything is up to date.`)),
      button(`Seen: ${title}`, "Seen", told("seen", `${title} was seen; everything is up to date.`)),
      button(`Hide: ${title}`, "Hide", told("hidden", `${title} is hidden.`)),
    ),
  );
}

/** The events that speak for an item, with what each is worth where that was measured. */
function reason(item) {
  const named = item.evidence.filter((event) => event.effect === null || event.effect > 0);
  if (named.length === 0) return null;
  const parts = named.flatMap((event, i) => [
    i === 0 ? "" : i === named.length - 1 ? " and " : ", ",
    el("cite", {}, event.title),
    event.effect === null ? "" : `\u00a0(×${Math.exp(event.effect).toFixed(2)})`,
  ]);
  return el("p", { class: "reason" }, "Because of ", ...parts);
}

/** A source in plain words: "sequence-2" is one of several of a kind, "generated: film noir" names an interest. */
function label(source) {
  const [, kind, interest] = /^(.+?)(?:-\d+)?(?:: (.*))?$/.exec(source) ?? [];
  const said = LABELS[kind] ?? source.replaceAll("_", " ");
  return interest === undefined ? said : `${said}: ${interest}`;
}

/** What put the item forward, each kind once at its best rank: the words asked for first, then the best. */
function sources(item) {
  const ranks = new Map();
  for (const [name, rank] of Object.entries(item.sources)) {
    const said = label(name);
    ranks.set(said, Math.min(rank, ranks.get(said) ?? rank));
  }
  const order = ([said, rank]) => (said === LABELS[WORDS] ? 0 : rank);
  const ranked = [...ranks].sort((a, b) => order(a) - order(b));
  if (ranked.length === 0) return null;
  const named = ranked.slice(0, SOURCES).map(([said, rank]) => `${said} (#${rank})`);
  const more = ranked.length > SOURCES ? ` and ${ranked.length - SOURCES} more` : "";
  return el("p", { class: "meta sources" }, `Found by ${named.join(", ")}${more}`);
}

function showHidden(profile, act) {
  const hidden = [...new Set(profile.events.filter(hides).map((e) => e.item_id))];
  const details = byId("hidden-items");
  details.hidden = hidden.length === 0;
  details.querySelector("summary").textContent = `Hidden: ${hidden.length}`;
  details.querySelector("ul").replaceChildren(
    ...hidden.map((id) => {
      const item = profile.items[id];
      const title = item === undefined ? id : titled(item);
      return el(
        "li",
        {},
        el("p", { class: "title what" }, title),
        button(`Show again: ${title}`, "Show again", () =>
          act((user) => api.retract(user, id), `${title} may be recommended again.`),
        ),
      );
    }),
  );
}

function button(label, text, click) {
  return el("button", { type: "button", "aria-label": label, click }, text);
}
