// Curves against epochs and against time stand side by side. Each of the two can have the whole width.

function sides_choice(tools) {
  const [left, right] = tools.plots;
  const [begin, end] = [left.box[0], right.box[2]];
  const narrow = [left, right].map((plot) => [plot.box[0], plot.box[2]]);
  const names = [left, right].map((plot) => plot.group.querySelector(".axis-label").textContent.trim());
  const field = element("select", {}, ...["both", ...names].map((name) => element("option", {}, name)));
  field.addEventListener("input", () => {
    const place = field.selectedIndex - 1;
    [left, right].forEach((plot, own) => {
      plot.is_alone = place === own;
      plot.widen(...(place === own ? [begin, end] : narrow[own]));
      // The left plot's name of the upward axis is the right one's too.
      plot.group.classList.toggle("is-aside", place === 1 && own === 0);
      plot.group.classList.toggle("is-away", place === 0 && own === 1);
    });
    tools.draw([left, right]);
  });
  return element("label", {}, "against ", field);
}
