// The pinned trial: its params, what it measured, its curve, where it ran, why it failed, and its files.

const detail = element("aside", { id: "detail", "aria-label": "The pinned trial", hidden: true });
document.body.append(detail);

function pairs_list(pairs) {
  const made = element("dl", {});
  for (const [label, text] of pairs) made.append(element("dt", {}, label), element("dd", {}, text));
  return made;
}

function values_of(trial) {
  const lines = row_lines(trial).filter(([, value], place) => value !== null && !data.columns[place + 2].param);
  return lines.map(([label, value]) => [label, typeof value === "number" ? String(Number(value.toPrecision(6))) : value]);
}

function range(numbers) {
  const known = numbers.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return low < high ? [low, high] : [low - 0.5, high + 0.5];
}

// A small plot of one of the numbers that the trial reported after each epoch.
function curve_plot(across, up) {
  const [width, height, left, bottom] = [320, 150, 52, 20];
  const [[x0, x1], [y0, y1]] = [range(across), range(up)];
  const x = (value) => left + ((value - x0) / (x1 - x0)) * (width - left - 6);
  const y = (value) => height - bottom - ((value - y0) / (y1 - y0)) * (height - bottom - 8);
  const svg = svg_element("svg", { viewBox: `0 0 ${width} ${height}`, class: "curve", role: "img" });
  const places = across.map((value, i) => [value, up[i]]).filter(([, value]) => value !== null);
  const text = (at_x, at_y, anchor, words) => {
    const made = svg_element("text", { x: at_x, y: at_y, "text-anchor": anchor });
    made.textContent = words;
    svg.append(made);
  };
  svg.append(svg_element("path", { class: "frame", d: `M${left} 4V${height - bottom}H${width - 4}` }));
  svg.append(svg_element("polyline", { points: places.map(([a, b]) => `${x(a)},${y(b)}`).join(" ") }));
  if (places.length === 1) svg.append(svg_element("circle", { cx: x(places[0][0]), cy: y(places[0][1]), r: 3 }));
  text(left - 4, 12, "end", number_text(y1));
  text(left - 4, height - bottom, "end", number_text(y0));
  text(left, height - 5, "start", number_text(x0));
  text(width - 6, height - 5, "end", number_text(x1));
  return svg;
}

function curve_part(trial) {
  if (!trial.curve) return [];
  const [epochs, seconds, ...measured] = trial.curve;
  const names = data.curves.names.filter((_, place) => measured[place].some((value) => value !== null));
  if (!names.length) return [];
  const quantity = element("select", { "aria-label": "Quantity" }, ...names.map((name) => element("option", {}, name)));
  const side = element("select", { "aria-label": "Against" }, element("option", {}, "epochs"), element("option", {}, "seconds"));
  const place = element("div", {});
  const draw = () => {
    const up = measured[data.curves.names.indexOf(quantity.value)];
    place.replaceChildren(curve_plot(side.value === "epochs" ? epochs : seconds, up));
    place.firstChild.setAttribute("aria-label", `${quantity.value} against ${side.value}`);
  };
  quantity.value = names.find((name) => data.measure.replaceAll(" ", "_") === name) || names[0];
  for (const field of [quantity, side]) field.addEventListener("input", draw);
  draw();
  const cut = data.curves.every > 1 ? [element("p", { class: "small" }, `Every ${data.curves.every} epochs; the file has all.`)] : [];
  return [element("p", {}, quantity, " against ", side), place, ...cut];
}

function failure_part({ failure, output }) {
  const made = [];
  if (failure) made.push(element("p", { class: "failure" }, failure.message));
  if (failure && failure.traceback) made.push(element("h3", {}, "End of the traceback"), element("pre", {}, failure.traceback));
  if (output) made.push(element("h3", {}, "What it printed last"), element("pre", {}, output));
  return made;
}

function links_part(links) {
  const made = element("p", {}, "Files: ");
  for (const [label, href] of links) made.append(element("a", { href }, label), " ");
  return made;
}

// The panel takes room from the page. What is in the middle of the window stays there.
function make_room(is_needed) {
  const middle = document.elementFromPoint(innerWidth / 3, innerHeight / 2);
  const before_top = middle?.getBoundingClientRect().top;
  document.documentElement.classList.toggle("has-detail", is_needed);
  if (middle) scrollBy({ top: middle.getBoundingClientRect().top - before_top, behavior: "instant" });
}

function show_detail() {
  const trial = trials.get(state.pinned);
  detail.hidden = !trial;
  make_room(Boolean(trial));
  if (!trial) return;
  const close = element("button", { type: "button", "aria-label": "Close", onclick: () => change({ pinned: null }) }, "×");
  detail.replaceChildren(
    element("h2", {}, `Trial ${trial.number}`, close),
    element("p", { class: "small" }, trial.row[1]),
    ...failure_part(trial.details),
    pairs_list(values_of(trial)),
    element("h3", {}, "Params"),
    pairs_list(trial.details.params),
    ...curve_part(trial),
    element("h3", {}, "Evaluation"),
    pairs_list(trial.details.facts),
    links_part(trial.details.links),
  );
  detail.scrollTop = 0;
}

listen((changes) => {
  if ("pinned" in changes) show_detail();
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && state.pinned !== null) change({ pinned: null });
});
