// The pointer over a figure: a note beside the nearest trial, a halo in every figure, and a click that pins it.

const tip = element("div", { id: "tip", role: "status", hidden: true });
document.body.append(tip);
const TIP_LINES = 14;

function tip_content(numbers) {
  const first = trials.get(numbers[0]);
  const listed = numbers.slice(0, 8).join(", ") + (numbers.length > 8 ? ` and ${numbers.length - 8} more` : "");
  const heading = numbers.length > 1 ? `Trials ${listed}: one setting` : `Trial ${listed}`;
  const lines = row_lines(first).filter(([, value]) => value !== null);
  const shown = numbers.length > 1 ? lines.slice(1) : lines;
  const made = [element("b", {}, numbers.length > 1 ? heading : `${heading}, ${first.row[1]}`)];
  for (const [label, value] of shown.slice(0, TIP_LINES)) {
    made.push(element("span", {}, `${label}: ${number_text(value)}`));
  }
  if (shown.length > TIP_LINES) made.push(element("span", {}, `and ${shown.length - TIP_LINES} more; click for all`));
  return made;
}

function show_tip(numbers, event) {
  if (!numbers.length) {
    tip.hidden = true;
    return;
  }
  tip.replaceChildren(...tip_content(numbers));
  tip.hidden = false;
  const { offsetWidth: width, offsetHeight: height } = tip;
  const right = event.clientX + 14;
  tip.style.left = `${right + width < innerWidth ? right : Math.max(4, event.clientX - width - 14)}px`;
  tip.style.top = `${Math.max(4, Math.min(event.clientY + 14, innerHeight - height - 4))}px`;
}

function hover(numbers) {
  const same = numbers.length === state.hovered.length && numbers.every((one, i) => one === state.hovered[i]);
  if (!same) change({ hovered: numbers });
}

function halo(mark, name) {
  if (!mark.is_seen()) return null;
  if (mark.kind === "dot") {
    const [cx, cy] = mark.points;
    return svg_element("circle", { class: `halo ${name}`, cx, cy, r: 5 });
  }
  const copy = svg_element("path", { class: `halo ${name}`, d: mark.node.getAttribute("d") });
  if (mark.clip) copy.setAttribute("clip-path", mark.clip);
  return copy;
}

function draw_halos(figure) {
  const wanted = state.hovered.map((number) => [number, "hovered"]);
  if (state.pinned !== null) wanted.push([state.pinned, "pinned"]);
  if (!wanted.length && !figure.overlay.firstChild) return;
  const halos = wanted.flatMap(([number, name]) => figure.marks_of(number).map((mark) => halo(mark, name)));
  figure.overlay.replaceChildren(...halos.filter(Boolean));
}

function fade_others(figure) {
  for (const mark of figure.marks) {
    const is_off = Boolean(state.chosen) && !mark.numbers.some((number) => state.chosen.has(number));
    if (mark.is_off !== is_off) mark.node.classList.toggle("off", is_off);
    mark.is_off = is_off;
  }
}

for (const figure of figures) {
  const picture = figure.svg.parentElement;
  picture.addEventListener("pointermove", (event) => {
    if (event.buttons) return;
    const found = figure.nearest(...figure.point(event));
    const numbers = found ? found.numbers.filter((number) => trials.has(number)) : [];
    picture.classList.toggle("at-mark", numbers.length > 0);
    hover(numbers);
    show_tip(numbers, event);
  });
  picture.addEventListener("pointerleave", () => {
    hover([]);
    tip.hidden = true;
  });
  picture.addEventListener("click", (event) => {
    if (figure.was_dragged) return;
    const found = figure.nearest(...figure.point(event));
    if (found && trials.has(found.numbers[0])) pin(found.numbers[0]);
  });
}

listen((changes) => {
  if ("chosen" in changes) figures.forEach(fade_others);
  if ("hovered" in changes || "pinned" in changes) figures.forEach(draw_halos);
});
