// The page: one user at a time; whatever changes, everything shown is fetched again and shown at once.

import * as api from "/page/api.js";
import { startChat } from "/page/chat.js";
import { byId, el, say } from "/page/dom.js";
import { showHistory, startSearch } from "/page/history.js";
import { narrowed, startNarrowing } from "/page/narrow.js";
import { showPicks } from "/page/picks.js";
import { showRiver } from "/page/river.js";

const PICKS = 8;
let current = null;
let turn = 0;

/** Fetch everything of the current user and show it; an older, slower fetch is dropped. */
async function refresh() {
  const mine = ++turn;
  const main = byId("main");
  main.setAttribute("aria-busy", "true");
  try {
    const [profile, list, interests, forecast] = await Promise.all([
      api.profile(current),
      api.recommend(current, PICKS, narrowed()),
      api.interests(current),
      api.forecast(current),
    ]);
    if (mine !== turn) return;
    showHistory(profile, act);
    showPicks(list, profile, act);
    showRiver(interests, forecast);
    main.hidden = false;
  } finally {
    if (mine === turn) main.removeAttribute("aria-busy");
  }
}

/** Do something that changes the profile, show what follows from it, and say so. */
async function act(work, said) {
  try {
    await work(current);
    await refresh();
    await listUsers();
    say(said);
  } catch (error) {
    say(error.message, true);
  }
}

async function listUsers() {
  const names = new Set(await api.users());
  if (current !== null) names.add(current);
  const options = [...names].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  byId("user").replaceChildren(
    ...options.map((name) => el("option", { value: name, selected: name === current }, name)),
  );
  return options;
}

async function choose(name) {
  current = name;
  talk.clear();
  // Behind the hash: it stays in the browser.
  history.replaceState(null, "", `#${encodeURIComponent(name)}`);
  await listUsers();
  await refresh();
  say(`Showing ${name}.`);
}

const guarded = (work) => async (event) => {
  try {
    await work(event);
  } catch (error) {
    say(error.message, true);
  }
};

/** Open a dialog and resolve to whether its form was sent. */
function ask(dialog) {
  return new Promise((resolve) => {
    dialog.returnValue = "";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok"), { once: true });
    dialog.showModal();
  });
}

for (const button of document.querySelectorAll('dialog button[value="cancel"]')) {
  button.addEventListener("click", () => button.closest("dialog").close(""));
}

byId("user").addEventListener("change", guarded((event) => choose(event.target.value)));
byId("new-user").addEventListener(
  "click",
  guarded(async () => {
    byId("name").value = "";
    const name = (await ask(byId("name-dialog"))) ? byId("name").value.trim() : "";
    if (name) {
      await choose(name);
      byId("title").focus();
    }
  }),
);
byId("forget-user").addEventListener(
  "click",
  guarded(async () => {
    byId("forget-name").textContent = current;
    if (!(await ask(byId("forget-dialog")))) return;
    const gone = current;
    await api.forget(gone);
    current = null;
    const left = await listUsers();
    await choose(left[0] ?? "me");
    say(`${gone} is forgotten.`);
  }),
);

startSearch(act);
const talk = startChat(() => current, () => refresh().then(listUsers));

guarded(async () => {
  startNarrowing(
    await api.catalogue(),
    guarded(async () => {
      await refresh();
      say("The list is up to date.");
    }),
  );
  const asked = decodeURIComponent(location.hash.slice(1));
  const names = await api.users();
  await choose(asked || names[0] || "me");
})();
