// What the list is narrowed by: a category, years and words. What the catalogue does not have is not offered.

import { byId, el } from "/page/dom.js";

/** Fill the form from the catalogue, and call `changed` whenever it is sent or cleared. */
export function startNarrowing(facts, changed) {
  const form = byId("narrow");
  byId("category").append(
    ...facts.categories.map(({ name, items }) => el("option", { value: name }, `${name} (${items})`)),
  );
  byId("by-category").hidden = facts.categories.length === 0;
  byId("by-years").hidden = facts.year_from === null;
  for (const name of ["year-from", "year-to"]) byId(name).placeholder = facts[name.replace("-", "_")] ?? "";
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    changed(event);
  });
  form.addEventListener("reset", (event) => setTimeout(() => changed(event)));  // once the fields are empty
}

/** Return what the form asks for, as fields of a request for a list. */
export function narrowed() {
  const where = {
    categories: byId("category").value === "" ? undefined : [byId("category").value],
    year_from: year("year-from"),
    year_to: year("year-to"),
  };
  const words = byId("words").value.trim();
  return {
    ...(Object.values(where).some((value) => value !== undefined) ? { where } : {}),
    ...(words === "" ? {} : { query: words }),
  };
}

function year(id) {
  const text = byId(id).value;
  return text === "" ? undefined : Number(text);
}
