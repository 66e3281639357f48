// Elements and words. Text goes in as text: nothing here reads HTML.

/** Make an element: attributes by name, functions as listeners, everything else as text. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  fill(node, attributes, children);
  return node;
}

/** Make an SVG element the same way. */
export function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  fill(node, attributes, children);
  return node;
}

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") node.addEventListener(key, value);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

export const byId = (id) => document.getElementById(id);

/** 12.3 %, 1.2 %, below 0.1 %. */
export function percent(share) {
  const value = 100 * share;
  if (value > 0 && value < 0.1) return "< 0.1 %";
  return `${value.toFixed(value < 10 ? 1 : 0)} %`;
}

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
export const day = (time) => DAY.format(new Date(time));

/** "Alien (1979)", unless the title ends in the year already. */
export function titled(item) {
  return item.year === null || item.title.includes(`(${item.year})`) ? item.title : `${item.title} (${item.year})`;
}

/** Tell everybody, screen readers too, what happened. */
export function say(text, bad = false) {
  const status = byId("status");
  status.textContent = text;
  status.classList.toggle("bad", bad);
}
