// One panel of the chart as SVG: its axes, curves, bands, the prediction and the marks. Pure: from numbers to nodes.

/** Pale curves below the others, and broken ones over solid ones, which they would else hide behind. */
function rank(run) {
  return (run.pale ? -2 : 0) + (run.line === "-" ? 0 : 1);
}

/** Grid, ticks, names of the axes. last: it has the x axis' numbers below it. */
function gridNodes({ state, axis, y, top, bottom, width, last, xTicks }, { low, high, px, py }) {
  const nodes = [], middle = (top + bottom) / 2, format = y === "accuracy" ? share : plain;
  const text = (words, attributes) => nodes.push(draw("text", attributes, words));
  for (const tick of ticks(low, high, Math.max(2, Math.round((bottom - top) / 34)))) {
    nodes.push(draw("path", { class: "fedlab-grid", d: `M${LEFT} ${py(tick)}H${width - RIGHT}` }));
    text(format.format(tick), { x: LEFT - 7, y: py(tick) + 4, "text-anchor": "end" });
  }
  for (const tick of xTicks(Math.max(2, Math.round((width - LEFT) / 90)))) {
    nodes.push(draw("path", { class: "fedlab-grid", d: `M${px(tick)} ${top}V${bottom}` }));
    if (last) text(plain.format(tick), { x: px(tick), y: bottom + 15, "text-anchor": "middle" });
  }
  nodes.push(draw("path", { class: "fedlab-axis", fill: "none", d: `M${LEFT} ${top}V${bottom}H${width - RIGHT}` }));
  const name = { class: "fedlab-title", "text-anchor": "middle" };
  text(state.words[`test_${y}`], { ...name, transform: `translate(12 ${middle}) rotate(-90)` });
  if (last) text(axis.label, { ...name, x: (LEFT + width) / 2, y: bottom + 33 });
  return nodes;
}

/** One curve with its markers, its band, and the thin line that comes from the untrained model. */
function curveNodes(one, { state, y, panel, clip }, { px, py }) {
  const { run } = one, ys = one[y].map(py), colour = ink(run);
  one.ys[panel] = ys;
  const group = draw("g", { class: run.pale ? "fedlab-curves fedlab-pale" : "fedlab-curves", "data-run": run.id,
    "clip-path": clip });
  if (one.bands) {
    const { low, high } = one.bands[y];
    const back = line([...one.px].reverse(), low.map(py).reverse()).replace("M", "L");
    group.append(draw("path", { class: "fedlab-band", d: `${line(one.px, high.map(py))}${back}Z`, fill: colour,
      opacity: 0.22 }));
  }
  const begin = run.untrained?.[panel];
  if (Number.isFinite(begin) && one.px.length)
    group.append(draw("path", { class: "fedlab-curve", stroke: colour, "stroke-width": 0.8,
      d: line([px(0), one.px[0]], [py(begin), ys[0]]) }));
  const look = { class: "fedlab-curve", stroke: colour, "stroke-width": run.width,
    "stroke-dasharray": DASHES[run.line] };
  const dots = { class: "fedlab-dots", d: markers(one.px, ys, run.marker, run.id), fill: colour, stroke: colour };
  group.append(draw("path", { ...look, d: line(one.px, ys) }), draw("path", dots));
  if (y === "accuracy") group.append(...backdoorNodes(one, state.words, colour, py));
  return group;
}

/** The share of what bears an attack's trigger that is called what the attack wants: dotted, named where it begins. */
function backdoorNodes({ backdoor, px }, words, colour, py) {
  const first = backdoor?.findIndex(Number.isFinite) ?? -1;
  if (first < 0) return [];
  const ys = backdoor.map((share) => (Number.isFinite(share) ? py(share) : NaN));
  return [draw("path", { class: "fedlab-curve fedlab-backdoor", stroke: colour, d: line(px, ys) }),
    draw("text", { class: "fedlab-paper", x: px[first], y: ys[first] - 5 }, words.secret)];
}

/** What was predicted, as a line across the panel, with a ring at the round that it is about. */
function guessNodes({ value, round, text }, { top, bottom, width, state }, { px, py }) {
  const y = py(value), inside = y >= top && y <= bottom, at = Math.min(Math.max(y, top + 13), bottom - 4);
  const right = width - RIGHT - 4, beside = round && state.x === "rounds" ? Math.min(right, px(round) - 9) : right;
  const words = draw("text", { class: "fedlab-paper", x: Math.max(beside, LEFT + 130), y: inside ? at - 4 : at,
    "text-anchor": "end" }, text);
  if (!inside) return [words];
  const ring = round && state.x === "rounds" ? draw("circle", { class: "fedlab-guessed", cx: px(round), cy: y, r: 4.5 })
    : "";
  return [draw("path", { class: "fedlab-guess", d: `M${LEFT} ${y}H${width - RIGHT}` }), ring, words];
}

/** Where something was steered: a dotted line and, on the x axis, a small triangle, which says what. */
function markNodes(marks, points, { top, bottom, last }) {
  const found = marks.map((mark) => [mark, points.find((one) => one.run.id === mark.run)]);
  return found.filter(([mark, one]) => one && one.px.length >= mark.round && !one.bands).flatMap(([mark, one]) => {
    const x = one.px[mark.round - 1], colour = ink(one.run);
    const line = draw("path", { class: "fedlab-steered", d: `M${x} ${top}V${bottom}`, stroke: colour });
    const foot = draw("path", { class: "fedlab-mark", d: `M${x} ${bottom}l5-8h-10z`, fill: colour },
      draw("title", {}, mark.text));
    return last ? [line, foot] : [line];
  });
}

/** A panel between `top` and `bottom`; gives each of `points` its pixels `ys` there. */
function panelNodes(place, points, px) {
  const { state, y, panel, top, bottom, width, last, clip } = place;
  const hidden = (one) => (y === "accuracy" ? one.backdoor ?? [] : []);
  const columns = points.map((one) =>
    (one.bands ? [...one.bands[y].low, ...one.bands[y].high] : [...one[y], ...hidden(one)]));
  const [low, high] = points.length ? ends(columns, points.map((one) => one.run.untrained?.[panel]))
    : [0, y === "accuracy" ? 1 : 2.3];
  const scales = { low, high, px, py: scale(low, high, bottom, top) };
  const window = draw("clipPath", { id: clip.slice(5, -1) },
    draw("rect", { x: LEFT - 4, y: top - 4, width: width - LEFT, height: bottom - top + 8 }));
  const order = [...points].sort((a, b) => rank(a.run) - rank(b.run));
  const nodes = [window, ...gridNodes(place, scales), ...order.map((one) => curveNodes(one, place, scales))];
  if (!panel && state.prediction) nodes.push(...guessNodes(state.prediction, place, scales));
  if (!panel && !points.length)
    nodes.push(draw("text", { class: "fedlab-empty", x: (LEFT + width) / 2, y: top + (bottom - top) / 3,
      "text-anchor": "middle" }, state.words.empty));
  nodes.push(...markNodes(state.marks, points, place));
  return nodes.filter(Boolean);
}
