// The tools below a figure, and drags in its plots: a drag zooms, with the shift key it chooses trials.

class Tools {
  constructor(figure) {
    this.figure = figure;
    this.plots = figure.plots.map((_, place) => new Plot(figure, place));
    this.changeable = this.plots.filter((plot) => plot.can_change);
    if (!this.changeable.length || !figure.marks.length) return;
    this.bar = element("p", { class: "tools" }, ...["x", "y"].map((name) => this.scale_box(name)).filter(Boolean));
    this.reset = element("button", { type: "button", hidden: true, onclick: () => this.back() }, "Whole figure");
    if (this.plots.length > 1 && this.plots[1].group?.matches(".side")) this.bar.append(sides_choice(this));
    this.bar.append(this.reset);
    figure.svg.parentElement.after(this.bar);
    figure.svg.parentElement.addEventListener("pointerdown", (event) => this.begin(event));
    figure.svg.parentElement.addEventListener("dblclick", () => this.back());
  }

  // Axes with listed values stay as they are.
  switchable(name) {
    return this.changeable.filter((plot) => !plot.first[name].ticks && this.positive(plot, name));
  }

  // The limits of the axis if they are positive; of a linear axis that begins at 0 or below, from the lowest mark on.
  positive(plot, name) {
    const { limits } = plot.first[name];
    if (Math.min(...limits) > 0) return limits;
    const low = plot.lowest ||= {};
    if (!(name in low)) {
      const part = name === "x" ? 0 : 1;
      const own = this.figure.marks.filter((mark) => mark.box === plot.box && mark.group.dataset.moves.includes(name));
      const values = own.flatMap((mark) => mark.points.filter((_, i) => i % 2 === part));
      const found = values.map((place) => plot.first[name].value(place));
      low[name] = found.length && Math.min(...found) > 0 ? Math.min(...found) : null;
    }
    return low[name] === null || limits[0] > limits[1] ? null : [low[name] * 0.9, limits[1]];
  }

  scale_box(name) {
    const plots = this.switchable(name);
    if (!plots.length) return null;
    const box = element("input", { type: "checkbox" });
    box.defaultChecked = plots.every((plot) => plot.first[name].is_log);
    box.addEventListener("change", () => {
      for (const plot of plots) {
        const limits = box.checked ? this.positive(plot, name) : plot.first[name].limits;
        const is_same = box.checked === plot.first[name].is_log;
        plot.now[name] = is_same ? plot.whole[name] : plot.whole[name].with({ limits, is_log: box.checked });
      }
      this.draw(plots);
    });
    return element("label", {}, box, ` logarithmic ${name === "x" ? "across" : "upwards"}`);
  }

  draw(plots) {
    plots.forEach((plot) => plot.draw());
    this.figure.marks.forEach((mark) => mark.place());
    draw_halos(this.figure);
    this.reset.hidden = this.changeable.every((plot) => plot.now.x === plot.whole.x && plot.now.y === plot.whole.y);
  }

  back() {
    this.changeable.forEach((plot) => (plot.now = { ...plot.whole }));
    this.draw(this.changeable);
    for (const box of this.bar.querySelectorAll("input")) box.checked = box.defaultChecked;
  }

  begin(event) {
    const from = this.figure.point(event);
    const plot = this.plots[this.figure.plot_at(...from)];
    // A finger scrolls the page.
    if (!plot || !plot.can_change || event.button || event.pointerType === "touch") return;
    event.preventDefault();
    const shape = svg_element("rect", { class: event.shiftKey ? "brush" : "zoom" });
    this.figure.was_dragged = false;
    const box = (at) => [0, 1].flatMap((i) => {
      const ends = [from[i], at[i]].map((value) => Math.max(plot.box[i], Math.min(plot.box[i + 2], value)));
      return [Math.min(...ends), Math.max(...ends)];
    });
    const move = (moved) => {
      const [left, right, upper, lower] = box(this.figure.point(moved));
      if (!shape.isConnected && Math.max(right - left, lower - upper) > SLIPS) this.figure.svg.append(shape);
      for (const [key, value] of Object.entries({ x: left, y: upper, width: right - left, height: lower - upper })) {
        shape.setAttribute(key, value);
      }
    };
    const end = (ended) => {
      removeEventListener("pointermove", move);
      if (!shape.isConnected) return;
      shape.remove();
      this.figure.was_dragged = true;
      setTimeout(() => (this.figure.was_dragged = false));
      const [left, right, upper, lower] = box(this.figure.point(ended));
      if (event.shiftKey) this.choose_in(plot, left, right, upper, lower);
      else if (right - left > SLIPS && lower - upper > SLIPS) this.zoom(plot, [left, right], [lower, upper]);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end, { once: true });
  }

  zoom(plot, across, up) {
    const ends = { x: across.map((place) => plot.now.x.value(place)), y: up.map((place) => plot.now.y.value(place)) };
    const changed = new Set();
    for (const name of ["x", "y"]) {
      const limits = ends[name];
      for (const other of this.changeable.filter((each) => each.shares(plot, name))) {
        other.now[name] = other.now[name].with({ limits });
        changed.add(other);
      }
    }
    this.draw([...changed]);
  }

  choose_in(plot, left, right, upper, lower) {
    const is_inside = (x, y) => x >= left && x <= right && y >= upper && y <= lower;
    const found = this.figure.marks.filter((mark) => {
      if (mark.box !== plot.box) return false;
      for (let i = 0; i < mark.points.length; i += 2) if (is_inside(mark.points[i], mark.points[i + 1])) return true;
      return false;
    });
    choose(new Set(found.flatMap((mark) => mark.numbers).filter((number) => trials.has(number))));
  }
}

figures.forEach((figure) => when_idle(() => new Tools(figure)));
