// What is drawn in the figures and stands for trials: where it lies, and which trial is nearest to a point.
// A figure's drawing says so itself: `data-trials` has a word per mark, with the numbers of its trials.

const SVG = "http://www.w3.org/2000/svg";
const REACH = 9; // how far from a mark the pointer may be, in points of the drawing
const EDGE = 3; // how far outside of its plot a mark may lie and still be seen

function svg_element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function drawables(group) {
  return [...group.querySelectorAll("path, use")].filter((node) => !node.closest("defs"));
}

// The corners of a path, or the place of a dot, as [x, y, x, y, ...].
function points_of(node) {
  if (node.localName === "use") return [Number(node.getAttribute("x")), Number(node.getAttribute("y"))];
  return (node.getAttribute("d").match(/-?\d+(?:\.\d+)?/g) || []).map(Number);
}

class Mark {
  constructor(node, numbers, group, box) {
    Object.assign(this, { node, numbers, group, box });
    this.clip = group.getAttribute("clip-path") || node.getAttribute("clip-path");
    const is_area = node.localName === "path" && /z\s*$/i.test(node.getAttribute("d"));
    this.kind = node.localName === "use" ? "dot" : is_area ? "area" : "line";
    this.place();
  }

  // Reads where it lies, again after a zoom.
  place() {
    this.points = points_of(this.node);
    this.starts = null;
  }

  contains(x, y) {
    const [left, upper, right, lower] = this.box;
    return x >= left - EDGE && x <= right + EDGE && y >= upper - EDGE && y <= lower + EDGE;
  }

  is_seen() {
    return !this.clip || this.kind !== "dot" || this.contains(...this.points);
  }

  distance(x, y) {
    const p = this.points;
    if (this.kind === "dot") return Math.hypot(p[0] - x, p[1] - y);
    if (this.kind === "area") {
      const across = p.filter((_, place) => place % 2 === 0);
      const down = p.filter((_, place) => place % 2 === 1);
      const is_inside =
        x >= Math.min(...across) && x <= Math.max(...across) && y >= Math.min(...down) && y <= Math.max(...down);
      return is_inside ? 0 : Infinity;
    }
    let nearest = p.length === 2 ? Math.hypot(p[0] - x, p[1] - y) : Infinity;
    for (let i = 0; i + 3 < p.length; i += 2) {
      if ((p[i] < x - REACH && p[i + 2] < x - REACH) || (p[i] > x + REACH && p[i + 2] > x + REACH)) continue;
      nearest = Math.min(nearest, segment_distance(x, y, p[i], p[i + 1], p[i + 2], p[i + 3]));
    }
    return nearest;
  }
}

function segment_distance(x, y, x0, y0, x1, y1) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const along = Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x0 + along * dx - x, y0 + along * dy - y);
}

class Figure {
  constructor(svg) {
    this.svg = svg;
    this.plots = JSON.parse(svg.dataset.plots);
    this.overlay = svg_element("g", { class: "overlay" });
    svg.append(this.overlay);
  }

  // Made when it is asked for first: a page has thousands of marks, and most figures are never pointed at.
  get marks() {
    if (!this.made) {
      this.made = [...this.svg.querySelectorAll("[data-trials]")].flatMap((group) => this.marks_in(group));
      this.by_trial = new Map();
      for (const mark of this.made) {
        for (const number of mark.numbers) {
          if (!this.by_trial.has(number)) this.by_trial.set(number, []);
          this.by_trial.get(number).push(mark);
        }
      }
    }
    return this.made;
  }

  marks_in(group) {
    const words = group.dataset.trials.split(" ").map((word) => word.split(".").map(Number));
    const { box } = this.plots[Number(group.closest("[data-plot]").dataset.plot)];
    return drawables(group).map((node, place) => new Mark(node, words[words.length === 1 ? 0 : place], group, box));
  }

  marks_of(number) {
    return this.marks.length ? this.by_trial.get(number) || [] : [];
  }

  // From a pointer's place to points of the drawing.
  point(event) {
    const { left, top, width } = this.svg.getBoundingClientRect();
    const scale = this.svg.viewBox.baseVal.width / width;
    return [(event.clientX - left) * scale, (event.clientY - top) * scale];
  }

  nearest(x, y) {
    let [found, least] = [null, REACH];
    for (const mark of this.marks) {
      if (mark.clip && !mark.contains(x, y)) continue;
      const distance = mark.distance(x, y);
      // Lines lie on top of areas, and dots on top of lines, at the same place.
      if (distance < least && mark.is_seen()) [found, least] = [mark, distance];
    }
    return found;
  }

  plot_at(x, y) {
    return this.plots.findIndex(({ box }) => x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3]);
  }
}

const figures = [...document.querySelectorAll(".picture svg")].map((svg) => new Figure(svg));

// Figures are read while nothing else happens, so that the first move over one does not wait for it.
const when_idle = window.requestIdleCallback || ((work) => setTimeout(work, 50));
figures.forEach((figure) => when_idle(() => figure.marks));
