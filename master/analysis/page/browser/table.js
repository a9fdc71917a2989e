// The table of every trial: sorted by its headings, filtered by status, text and a range, rows chosen by their boxes.

const table = document.getElementById("every-trial");
const body = table.tBodies[0];
const rows = new Map([...body.rows].map((row) => [Number(row.dataset.trial), row]));
let order = { column: 0, descending: false };
const filter = { text: "", status: "", column: "", from: "", to: "" };
const row_texts = new Map([...rows].map(([number, row]) => [number, row.textContent.toLowerCase()]));
const shown_count = element("output", { class: "small" });

function compare(a, b) {
  const [first, second] = [trials.get(a).row[order.column], trials.get(b).row[order.column]];
  // A trial without a value comes last either way.
  if (first === null || second === null) return (first === null) - (second === null) || a - b;
  const numeric = typeof first === "number" && typeof second === "number";
  const sign = numeric ? first - second : String(first).localeCompare(String(second), undefined, { numeric: true });
  return (order.descending ? -sign : sign) || a - b;
}

function sort_by(column) {
  order = { column, descending: order.column === column && !order.descending };
  body.append(...[...rows.keys()].sort(compare).map((number) => rows.get(number)));
  [...table.tHead.rows[0].cells].forEach((cell, place) => {
    if (place === column) cell.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  });
  remember({ order, filter });
}

function passes(number) {
  const { row } = trials.get(number);
  if (filter.status && row[1] !== filter.status) return false;
  if (filter.text && !row_texts.get(number).includes(filter.text.toLowerCase())) return false;
  if (filter.column === "" || (filter.from === "" && filter.to === "")) return true;
  const value = row[Number(filter.column)];
  if (typeof value !== "number") return false;
  return (filter.from === "" || value >= Number(filter.from)) && (filter.to === "" || value <= Number(filter.to));
}

function apply_filter() {
  let count = 0;
  for (const [number, row] of rows) {
    const shows = passes(number);
    if (row.hidden === shows) row.hidden = !shows;
    count += shows;
  }
  shown_count.value = `${count} of ${rows.size} trials`;
  remember({ order, filter });
}

function shown_numbers() {
  return [...body.rows].filter((row) => !row.hidden).map((row) => Number(row.dataset.trial));
}

function filter_field(name, label, field) {
  field.name = name;
  field.value = filter[name];
  field.addEventListener("input", () => {
    filter[name] = field.value;
    apply_filter();
  });
  return element("label", {}, `${label} `, field);
}

function options(...pairs) {
  return element("select", {}, ...pairs.map(([value, text]) => element("option", { value }, text)));
}

function filter_bar() {
  const statuses = [...new Set(data.rows.map((row) => row[1]))];
  const numeric = data.columns.map((column, place) => [place, column]).filter(([, column]) => !column.text);
  const range = numeric.map(([place, column]) => [String(place), column.label]);
  const number = () => element("input", { type: "number", step: "any", size: "8" });
  return element(
    "form",
    { class: "filters", onsubmit: (event) => event.preventDefault() },
    filter_field("text", "Text", element("input", { type: "search", size: "14" })),
    filter_field("status", "Status", options(["", "any"], ...statuses.map((status) => [status, status]))),
    filter_field("column", "Range of", options(["", "nothing"], ...range)),
    filter_field("from", "from", number()),
    filter_field("to", "to", number()),
    element("button", { type: "button", onclick: clear_filter }, "Clear"),
    shown_count,
  );
}

function clear_filter() {
  Object.keys(filter).forEach((name) => (filter[name] = ""));
  for (const field of document.querySelectorAll(".filters [name]")) field.value = "";
  apply_filter();
}

function choice_bar() {
  const count = element("output", { class: "small" });
  listen((changes) => {
    if ("chosen" in changes) count.value = state.chosen ? `${state.chosen.size} chosen` : "";
  });
  const button = (text, work) => element("button", { type: "button", onclick: work }, text);
  return element(
    "p",
    { class: "choices" },
    button("Choose these rows", () => choose(new Set(shown_numbers()))),
    button("Choose none", () => choose(null)),
    button("Copy as CSV", copy_csv),
    button("Save as CSV", save_csv),
    count,
  );
}

function add_box(number, row) {
  const cell = row.cells[0];
  const box = element("input", { type: "checkbox", "aria-label": `Choose trial ${number}` });
  box.addEventListener("change", () => {
    const chosen = new Set(state.chosen);
    if (box.checked) chosen.add(number);
    else chosen.delete(number);
    choose(chosen);
  });
  const name = element("button", { type: "button", class: "trial", onclick: () => pin(number) }, cell.textContent);
  cell.replaceChildren(box, name);
}

for (const [number, row] of rows) add_box(number, row);
[...table.tHead.rows[0].cells].forEach((cell, column) => {
  cell.replaceChildren(element("button", { type: "button", onclick: () => sort_by(column) }, cell.textContent));
});
table.closest(".scroll").before(filter_bar(), choice_bar());

listen((changes) => {
  if ("chosen" in changes) {
    for (const [number, row] of rows) {
      const is_chosen = Boolean(state.chosen && state.chosen.has(number));
      if (row.classList.toggle("chosen", is_chosen) !== row.cells[0].firstChild.checked) {
        row.cells[0].firstChild.checked = is_chosen;
      }
    }
  }
  if ("pinned" in changes) {
    body.querySelector(".pinned")?.classList.remove("pinned");
    rows.get(state.pinned)?.classList.add("pinned");
  }
});

{
  Object.assign(filter, before.filter);
  for (const field of document.querySelectorAll(".filters [name]")) field.value = filter[field.name];
  if (before.order) {
    order = { column: before.order.column, descending: !before.order.descending };
    sort_by(before.order.column);
  }
  apply_filter();
}
