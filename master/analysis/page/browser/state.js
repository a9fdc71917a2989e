"use strict";
// What the parts of the page share: the trials, what is pinned, chosen and pointed at, and who wants to know of changes.
// Everything below stands in one function, so the page adds no global names.

const data = JSON.parse(document.getElementById("trials-data").textContent);
const trials = new Map(); // number -> {number, row, details, curve}
data.rows.forEach((row, place) => {
  const number = row[0];
  trials.set(number, { number, row, details: data.details[place], curve: data.curves.trials[number] });
});

const state = {
  pinned: null, // the number of a trial
  chosen: null, // a set of numbers; null: nothing is chosen, so every trial counts
  hovered: [], // numbers
};
const listeners = [];

function listen(listener) {
  listeners.push(listener);
}

// Changes some of the state and tells everybody which parts have changed.
function change(changes) {
  Object.assign(state, changes);
  if (!("hovered" in changes)) remember();
  for (const listener of listeners) listener(changes);
}

function pin(number) {
  change({ pinned: state.pinned === number ? null : number });
}

function choose(numbers) {
  change({ chosen: numbers && numbers.size ? numbers : null });
}

// A reload, by hand or of a live page, keeps what was chosen. Some browsers refuse storage to a page from disk.
const MEMORY = `hyperspool ${document.title}`;

function recall() {
  try {
    return JSON.parse(sessionStorage.getItem(MEMORY)) || {};
  } catch {
    return {};
  }
}

const before = recall(); // what was kept when the page was opened

function remember(more = {}) {
  const kept = { ...recall(), pinned: state.pinned, chosen: state.chosen && [...state.chosen], ...more };
  try {
    sessionStorage.setItem(MEMORY, JSON.stringify(kept));
  } catch {
    // Without storage a reload begins anew.
  }
}

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

function number_text(value) {
  if (value === null || value === undefined) return "-";
  if (typeof value !== "number") return String(value);
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

// The columns of the table that are the values of a trial: those after its number and its status.
function row_lines(trial) {
  return data.columns.map((column, place) => [column.label, trial.row[place]]).slice(2);
}
