// The interest river: shares of attention over the user's windows and, behind the line that marks now, the
// forecast with its intervals. Drawn to the width at hand, and again when that changes.

import { byId, day, el, percent, svg } from "/page/dom.js";

const LAYERS = 7;
const HEIGHT = 250;
const TOP = 18;
const BOTTOM = 22;
const AHEAD = 0.2; // part of the width that the forecast takes
const REST = "everything else";

let drawn = null;
let width = 0;

/** Show a portrait and a forecast: words, river, legend. */
export function showRiver(interests, forecast) {
  const { portrait, words } = interests;
  byId("portrait").textContent = words.sentences.map((sentence) => sentence.text).join(" ");
  drawn = layersOf(portrait, forecast);
  draw();
  byId("legend").replaceChildren(legend(portrait, forecast, drawn));
}

function layersOf(portrait, forecast) {
  const names = portrait.interests.slice(0, LAYERS).map((share) => share.interest);
  const of = (rows) => {
    const byName = new Map(rows.map((row) => [row.interest, row.share]));
    const shares = names.map((name) => byName.get(name) ?? 0);
    const named = shares.reduce((a, b) => a + b, 0);
    const all = [...shares, Math.max(1 - named, 0)];
    const sum = all.reduce((a, b) => a + b, 0) || 1;
    return all.map((share) => share / sum);
  };
  const rows = new Map(forecast.interests.map((row) => [row.interest, row]));
  const windows = portrait.windows.map((window) => ({
    at: (window.first + window.last + 1) / 2,
    first: window.first,
    start: window.start,
    shares: of(window.interests),
  }));
  return {
    names,
    events: portrait.events,
    windows,
    ahead: of(forecast.interests),
    intervals: names.map((name) => rows.get(name)),
    horizon: Math.round(forecast.horizon_events),
    level: forecast.level,
  };
}

function draw() {
  const place = byId("river");
  width = place.clientWidth;
  if (drawn === null || width === 0) return;
  if (drawn.windows.length === 0) {
    place.replaceChildren(el("p", { class: "empty" }, "The river begins with the first event."));
    return;
  }
  const now = Math.round(width * (1 - AHEAD)) - 4;
  const x = (event) => (now * event) / drawn.events;
  const y = (share) => TOP + (HEIGHT - TOP - BOTTOM) * share;
  const { windows } = drawn;
  const points = [
    { x: 0, shares: windows[0].shares },
    ...windows.map((window) => ({ x: x(window.at), shares: window.shares })),
    { x: now, shares: windows[windows.length - 1].shares },
  ];
  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${HEIGHT}`,
    width,
    height: HEIGHT,
    role: "img",
    "aria-label": `Shares of attention over ${drawn.events} ${drawn.events === 1 ? "event" : "events"} and forecast for the next ${drawn.horizon}; the table below has the numbers.`,
  });
  const ends = points.map((point) => cumulated(point.shares));
  drawn.ahead.forEach((_, j) => {
    const band = points.map((point, i) => ({ x: point.x, top: y(ends[i][j]), bottom: y(ends[i][j + 1]) }));
    picture.append(svg("path", { d: area(band), class: `layer ${colour(j)}` }, svg("title", {}, nameOf(j))));
  });
  forecastPart(picture, now + 8, y);
  axis(picture, x, now);
  place.replaceChildren(picture);
}

/** The edges between layers, from 0 to 1. */
function cumulated(shares) {
  const edges = [0];
  for (const share of shares) edges.push(edges[edges.length - 1] + share);
  return edges;
}

/** A band whose edges ease from point to point: between two points all edges move alike, so none cross. */
function area(band) {
  const line = (key, points) =>
    points
      .slice(1)
      .map((point, i) => {
        const before = points[i];
        const middle = (before.x + point.x) / 2;
        return `C${middle},${before[key]} ${middle},${point[key]} ${point.x},${point[key]}`;
      })
      .join("");
  const back = [...band].reverse();
  return `M${band[0].x},${band[0].top}${line("top", band)}L${back[0].x},${back[0].bottom}${line("bottom", back)}Z`;
}

function forecastPart(picture, left, y) {
  const edges = cumulated(drawn.ahead);
  const step = (width - left) / (drawn.names.length + 1);
  drawn.ahead.forEach((_, j) => {
    picture.append(
      svg("rect", {
        x: left,
        width: width - left,
        y: y(edges[j]),
        height: Math.max(y(edges[j + 1]) - y(edges[j]), 0),
        class: `layer ahead ${colour(j)}`,
      }, svg("title", {}, `${nameOf(j)}: ${percent(drawn.ahead[j])}`)),
    );
  });
  drawn.intervals.forEach((row, j) => {
    const at = left + step * (j + 1);
    const low = y(Math.min(edges[j] + row.lower, 1));
    const high = y(Math.min(edges[j] + row.upper, 1));
    picture.append(
      svg("line", { x1: at, x2: at, y1: low, y2: high, class: "interval" }),
      svg("circle", { cx: at, cy: y(edges[j + 1]), r: 2.6, class: "expected" }),
    );
  });
}

function axis(picture, x, now) {
  picture.append(
    svg("line", { x1: now + 4, x2: now + 4, y1: TOP - 4, y2: HEIGHT - BOTTOM + 4, class: "now" }),
    svg("text", { x: now - 2, y: 12, "text-anchor": "end" }, "now"),
    svg("text", { x: width, y: 12, "text-anchor": "end" }, `next ${drawn.horizon}`),
  );
  // As many dates as have room, each at the start of its window.
  let free = 0;
  let last = null;
  for (const window of drawn.windows) {
    const at = x(window.first);
    const text = window.start === null ? `event ${window.first + 1}` : day(window.start);
    if (text === last || at < free || at + 84 > now) continue;
    picture.append(svg("text", { x: at, y: HEIGHT - 6 }, text));
    free = at + 100;
    last = text;
  }
}

const nameOf = (j) => (j < drawn.names.length ? drawn.names[j] : REST);
const colour = (j) => (j < drawn.names.length ? `c${j}` : "rest");

/** The legend is the table of the numbers: colour, name, so far, recently, forecast with interval. */
function legend(portrait, forecast, layers) {
  const recent = new Map(portrait.current.map((row) => [row.interest, row.share]));
  const change = new Map(portrait.changes.map((row) => [row.interest, row.direction]));
  const head = el(
    "tr",
    {},
    el("th", { scope: "col" }, "Interest"),
    el("th", { scope: "col" }, "Recently"),
    el("th", { scope: "col" }, `Next ${layers.horizon}`),
    el("th", { scope: "col", class: "wide" }, `${Math.round(100 * layers.level)} % interval`),
  );
  const rows = layers.names.map((name, j) => {
    const row = layers.intervals[j];
    const direction = change.get(name) ?? "steady";
    const arrow = { rising: " ↑ rising", fading: " ↓ fading", steady: "" }[direction];
    return el(
      "tr",
      {},
      el(
        "th",
        { scope: "row" },
        el("span", { class: `swatch ${colour(j)}`, "aria-hidden": "true" }),
        name,
        arrow === "" ? null : el("span", { class: `trend ${direction}` }, arrow),
      ),
      el("td", {}, percent(recent.get(name) ?? 0)),
      el("td", {}, percent(row.share)),
      el("td", { class: "wide" }, `${Math.round(100 * row.lower)} to ${Math.round(100 * row.upper)} %`),
    );
  });
  return el("table", {}, el("caption", { class: "unseen" }, "Interests in numbers"), el("thead", {}, head), el("tbody", {}, ...rows));
}

new ResizeObserver(() => {
  if (byId("river").clientWidth !== width) draw();
}).observe(byId("river"));
