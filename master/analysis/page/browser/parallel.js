// Parallel coordinates: a drag along a vertical axis chooses the trials whose lines cross it there.

class Brushes {
  constructor(figure, group) {
    this.figure = figure;
    this.box = figure.plots[Number(group.dataset.plot)].box;
    this.lines = figure.marks.filter((mark) => mark.kind === "line" && mark.group.closest(".parallel"));
    const places = new Set();
    for (const { points } of this.lines) for (let i = 0; i < points.length; i += 2) places.add(points[i].toFixed(0));
    this.axes = [...places].map(Number).sort((a, b) => a - b);
    this.spans = new Map(); // axis -> {from, to, shape}
    figure.svg.parentElement.classList.add("has-brushes");
    figure.svg.parentElement.addEventListener("pointerdown", (event) => this.begin(event));
    listen((changes) => {
      if ("chosen" in changes && !this.is_choosing) this.clear();
    });
  }

  clear() {
    for (const { shape } of this.spans.values()) shape.remove();
    this.spans.clear();
  }

  begin(event) {
    const [x, y] = this.figure.point(event);
    const spacing = this.axes.length > 1 ? this.axes[1] - this.axes[0] : 60;
    const axis = this.axes.find((place) => Math.abs(place - x) < Math.min(14, spacing / 4));
    if (axis === undefined || event.button || y < this.box[1] || y > this.box[3]) return;
    event.preventDefault();
    const shape = svg_element("rect", { class: "brush", x: axis - 6, width: 12, y, height: 0 });
    const span = (at) => [Math.max(this.box[1], Math.min(y, at)), Math.min(this.box[3], Math.max(y, at))];
    const move = (moved) => {
      const [from, to] = span(this.figure.point(moved)[1]);
      shape.setAttribute("y", from);
      shape.setAttribute("height", to - from);
      if (!shape.isConnected && to - from > SLIPS) this.figure.svg.append(shape);
    };
    const end = (ended) => {
      removeEventListener("pointermove", move);
      this.spans.get(axis)?.shape.remove();
      this.spans.delete(axis);
      const [from, to] = span(this.figure.point(ended)[1]);
      if (shape.isConnected) {
        this.spans.set(axis, { from, to, shape });
        this.figure.was_dragged = true;
        setTimeout(() => (this.figure.was_dragged = false));
      }
      this.choose();
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end, { once: true });
  }

  crosses(points, axis, { from, to }) {
    for (let i = 0; i < points.length; i += 2) {
      if (Math.abs(points[i] - axis) < 1) return points[i + 1] >= from && points[i + 1] <= to;
    }
    return false;
  }

  choose() {
    const spans = [...this.spans];
    const found = this.lines.filter(({ points }) => spans.every(([axis, span]) => this.crosses(points, axis, span)));
    this.is_choosing = true;
    // Where no line crosses, an empty choice says so.
    change({ chosen: spans.length ? new Set(found.flatMap((line) => line.numbers)) : null });
    this.is_choosing = false;
  }
}

for (const figure of figures) {
  const group = figure.svg.querySelector(".parallel");
  if (group) when_idle(() => new Brushes(figure, group));
}
