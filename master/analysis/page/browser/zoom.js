// Zoom and scale: a plot gets other limits or a logarithmic axis by moving what is drawn in it, as `data-moves` says.
// Each plot's limits and scales stand in `data-plots`, so every point can be turned into data and back.

const FAR = 1e4; // where a logarithmic axis has what is not positive, in points
const SLIPS = 4; // a drag shorter than this is a click, in points
const kept = new WeakMap(); // node -> what was written there at first

function original(node, name) {
  if (!kept.has(node)) kept.set(node, {});
  const own = kept.get(node);
  if (!(name in own)) own[name] = node.getAttribute(name);
  return own[name];
}

// An axis of a plot: `begin` and `end` are where its limits lie, in points of the drawing.
class Scale {
  constructor({ limits, scale, ticks }, begin, end) {
    Object.assign(this, { limits, is_log: scale === "log", ticks, begin, end });
  }

  with(changes) {
    const { limits, is_log, begin, end } = { ...this, ...changes };
    return new Scale({ limits, scale: is_log ? "log" : "linear", ticks: this.ticks }, begin, end);
  }

  to_share(value) {
    const [low, high] = this.is_log ? this.limits.map(Math.log) : this.limits;
    const at = this.is_log ? Math.log(value) : value;
    return (at - low) / (high - low);
  }

  place(value) {
    if (this.is_log && value <= 0) return this.begin - Math.sign(this.end - this.begin) * FAR;
    return this.begin + this.to_share(value) * (this.end - this.begin);
  }

  value(place) {
    const share = (place - this.begin) / (this.end - this.begin);
    const [low, high] = this.limits;
    return this.is_log ? Math.exp(Math.log(low) + share * Math.log(high / low)) : low + share * (high - low);
  }

  marks() {
    if (this.ticks) return this.ticks.filter(([value]) => this.holds(value));
    const values = this.is_log ? log_ticks(this.limits) : even_ticks(this.limits);
    return values.filter((value) => this.holds(value)).map((value) => [value, number_text(value)]);
  }

  holds(value) {
    const share = this.to_share(value);
    return share >= -1e-6 && share <= 1 + 1e-6;
  }
}

function even_ticks(limits) {
  const [low, high] = [Math.min(...limits), Math.max(...limits)];
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

function log_ticks(limits) {
  const [low, high] = [Math.min(...limits), Math.max(...limits)];
  if (high / low < 5) return even_ticks(limits);
  const decades = Math.log10(high / low);
  const factors = decades > 2.5 ? [1] : [1, 2, 5];
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += Math.ceil(decades / 6)) {
    found.push(...factors.map((factor) => factor * 10 ** power));
  }
  return found;
}

class Plot {
  constructor(figure, place) {
    const { box, x, y } = figure.plots[place];
    this.group = figure.svg.querySelector(`[data-plot="${place}"]`);
    // A plot of pixels, of parallel coordinates or without trials, as a colour bar is, stays as it is.
    const has_marks = this.group && this.group.matches(".plot") && this.group.querySelector("[data-trials]");
    const can_change = Boolean(x && y && has_marks && !this.group.querySelector("image"));
    Object.assign(this, { figure, box, can_change });
    if (!this.can_change) return;
    this.first = { x: new Scale(x, box[0], box[2]), y: new Scale(y, box[3], box[1]) };
    this.whole = { ...this.first }; // what "Whole figure" goes back to
    this.now = { ...this.first };
    this.drawn_box = [...box];
  }

  // Gives the plot another width, for all its marks too, which know the same box.
  widen(left, right) {
    [this.box[0], this.box[2]] = [left, right];
    const ends = { begin: left, end: right };
    const { begin, end } = this.first.x;
    const was_whole = this.now.x === this.whole.x;
    this.whole.x = left === begin && right === end ? this.first.x : this.first.x.with(ends);
    this.now.x = was_whole ? this.whole.x : this.now.x.with(ends);
    const clip = this.group.querySelector("[clip-path]")?.getAttribute("clip-path").match(/#[^)]+/)[0];
    const rect = clip && this.figure.svg.querySelector(`${clip} rect`);
    rect?.setAttribute("x", left);
    rect?.setAttribute("width", right - left);
  }

  // Where something stands that does not follow the data, as an edge of the plot does not.
  aside(x) {
    const [left, , right] = this.drawn_box;
    return this.box[0] + ((x - left) / (right - left)) * (this.box[2] - this.box[0]);
  }

  // Plots side by side or above each other that share an axis are changed together.
  shares(other, name) {
    const [a, b] = [this.first[name], other.first[name]];
    return a.begin === b.begin && a.end === b.end && String(a.limits) === String(b.limits) && a.is_log === b.is_log;
  }

  move(x, y, moves) {
    const across = moves.includes("x") ? this.now.x.place(this.first.x.value(x)) : this.aside(x);
    const down = moves.includes("y") ? this.now.y.place(this.first.y.value(y)) : y;
    return [across, down];
  }

  draw() {
    for (const group of this.group.querySelectorAll(":scope > g:not(.axis, .own-ticks)")) {
      const moves = group.dataset.moves || "";
      for (const node of drawables(group)) this.move_node(node, moves);
      if (moves && group.querySelector("text")) this.move_text(group, moves);
    }
    const [across, middle] = [this.group.querySelector(".axis-label"), (this.drawn_box[0] + this.drawn_box[2]) / 2];
    across?.setAttribute("transform", `translate(${(this.aside(middle) - middle).toFixed(2)} 0)`);
    this.draw_axes();
  }

  move_node(node, moves) {
    if (node.localName === "use") {
      const [x, y] = this.move(Number(original(node, "x")), Number(original(node, "y")), moves);
      node.setAttribute("x", x.toFixed(2));
      node.setAttribute("y", y.toFixed(2));
      return;
    }
    const moved = original(node, "d").replace(/(-?[\d.]+) (-?[\d.]+)/g, (_, x, y) => {
      const [across, down] = this.move(Number(x), Number(y), moves);
      return `${across.toFixed(2)} ${down.toFixed(2)}`;
    });
    node.setAttribute("d", moved);
  }

  move_text(group, moves) {
    const text = group.querySelector("text");
    const [right, down] = (group.dataset.offset || "0 0").split(" ").map(Number);
    const [x, y] = text.hasAttribute("x")
      ? [Number(text.getAttribute("x")), Number(text.getAttribute("y"))]
      : (text.getAttribute("transform") || "").match(/-?[\d.]+/g).slice(-2).map(Number);
    const [at_x, at_y] = this.move(x - right, y - down, moves);
    group.setAttribute("transform", `translate(${(at_x - x + right).toFixed(2)} ${(at_y - y + down).toFixed(2)})`);
    const is_inside = at_x >= this.box[0] - 1 && at_x <= this.box[2] + 1 && at_y >= this.box[1] - 1 && at_y <= this.box[3] + 1;
    group.classList.toggle("outside", !is_inside);
  }

  draw_axes() {
    const is_first = this.now.x === this.first.x && this.now.y === this.first.y;
    this.group.classList.toggle("is-changed", !is_first);
    this.group.querySelector(".own-ticks")?.remove();
    if (is_first) return;
    const made = svg_element("g", { class: "own-ticks" });
    const [left, upper, right, lower] = this.box;
    const axes = [...this.group.querySelectorAll(".axis")].map((axis) => axis.querySelector(".tick text"));
    const [has_x, has_y] = [axes[0], axes[1] || this.is_alone];
    const add = (d, at_x, at_y, anchor, words) => {
      made.append(svg_element("path", { d }));
      if (words === null) return;
      const text = svg_element("text", { x: at_x, y: at_y, "text-anchor": anchor });
      text.textContent = words;
      made.append(text);
    };
    for (const [value, words] of this.now.x.marks()) {
      const x = this.now.x.place(value).toFixed(2);
      add(`M${x} ${lower + 3.5}V${upper}`, x, lower + 12, "middle", has_x ? words : null);
    }
    for (const [value, words] of this.now.y.marks()) {
      const y = this.now.y.place(value);
      add(`M${left - 3.5} ${y.toFixed(2)}H${right}`, left - 6, (y + 3).toFixed(2), "end", has_y ? words : null);
    }
    this.group.querySelector(".axis").before(made);
  }
}
