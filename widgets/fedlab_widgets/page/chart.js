// The convergence chart: test accuracy and test loss of all runs, read by pointing, by touch and by arrow keys.
// `state` says what is drawn and how; `rounds` holds the runs' numbers, to which messages {append} add.

const LEFT = 56, RIGHT = 14, TOP = 8, GAP = 16, BOTTOM = 38;
const PANELS = [{ y: "accuracy", height: 0.6 }, { y: "loss", height: 0.4 }];
const EMPTY = { x: {}, accuracy: [], loss: [], backdoor: [] };
const QUIET = 400; // ms of keys at rest before a point is told

function render({ model, el }) {
  let state, points = [], at = null, behind = null, emphasis = null, bands = false, asTable = false;
  let asked = 0, telling = 0, inside = null;
  const rounds = (run) => model.get("rounds")[run.id] ?? EMPTY;
  const xs = (run) => rounds(run).x[state.x] ?? [];
  let rings = []; // two circles a curve, that mark the point which is read
  const values = new Map(), name = `fedlab-chart-${Math.random().toString(36).slice(2)}`;

  const axes = make("span", { class: "fedlab-axes", role: "group" });
  const caption = make("span", {}), moved = make("span", { class: "fedlab-moved", role: "status" });
  const head = make("div", { class: "fedlab-head" }, caption, axes, moved);
  const picture = draw("svg", { "aria-hidden": "true" });
  const read = make("div", { class: "fedlab-read", hidden: true });
  const plot = make("div", { class: "fedlab-plot", tabindex: 0, role: "application" }, picture);
  const frame = make("div", { class: "fedlab-frame" }, plot, read);
  const legend = make("div", { class: "fedlab-legend", role: "group" });
  const remark = make("span", { class: "fedlab-remark" });
  const bandSwitch = make("button", { type: "button", onclick: () => { bands = !bands; show(); } });
  const tableSwitch = make("button", { type: "button", onclick: () => { asTable = !asTable; show(); } });
  const looker = make("button", { type: "button", class: "fedlab-look", hidden: true, onclick: lookBehind });
  const more = make("div", { class: "fedlab-legend fedlab-more" }, looker, tableSwitch, bandSwitch, remark);
  const numbers = make("div", { class: "fedlab-numbers", tabindex: 0, hidden: true });
  const said = make("div", { class: "fedlab-unseen", "aria-live": "polite" });
  const below = make("div", { class: "fedlab-below" }, legend, more);
  const chart = make("div", { class: "fedlab-chart", role: "group" }, head, frame, below, numbers, said);
  el.append(chart);

  /** Change the state here at once, so that it is so without a kernel too, and then tell Python. */
  const change = (act, words) => { show(); tell(model, act, words); };
  const toggle = (run) => { run.shown = !run.shown; change("hide", { run: run.id, shown: run.shown }); };
  const choose = (name) => { state.x = name; change("x", { name }); };
  const point = (id) => { emphasis = id; emphasise(); };

  function emphasise() {
    picture.classList.toggle("fedlab-others", emphasis !== null);
    for (const one of picture.querySelectorAll(".fedlab-curves"))
      one.classList.toggle("fedlab-first", one.dataset.run === String(emphasis));
  }

  /** The whole part anew: seldom, when something else than a round is new. */
  function show() {
    state = model.get("state");
    const focused = [...legend.children].indexOf(document.activeElement),
      axis = [...axes.children].indexOf(document.activeElement);
    const { words } = state;
    caption.innerHTML = "";
    caption.append(make("b", {}, words.title), make("span", { class: "fedlab-against" }, ` ${words.against}`));
    axes.replaceChildren(...axisSwitch(state, choose));
    put(axes, "aria-label", `${words.title} ${words.against}`);
    legend.replaceChildren(...legendEntries(state, values, { toggle, point }));
    legend.children[focused]?.focus();
    axes.children[axis]?.focus();
    put(legend, "aria-label", words.legend);
    moved.textContent = state.moved;
    frame.classList.toggle("fedlab-frame-moved", Boolean(state.moved));
    put(plot, "aria-label", words.keys);
    tableSwitch.textContent = words.table;
    put(tableSwitch, "aria-pressed", asTable);
    put(numbers, "aria-label", words.caption);
    redraw();
  }

  /** What is drawn: each run that is shown and has numbers on this axis, or the bands of those that differ by seed. */
  function curves() {
    const shown = state.runs.filter((run) => run.shown && rounds(run).accuracy.length);
    const fits = shown.filter((run) => xs(run).length && xs(run).every(Number.isFinite));
    const groups = new Map();
    for (const run of fits) groups.set(run.group, [...(groups.get(run.group) ?? []), run]);
    const alike = [...groups.values()].filter((some) => some.length > 1);
    tableSwitch.hidden = !shown.length;
    bandSwitch.hidden = !alike.length;
    bandSwitch.textContent = state.words.band;
    put(bandSwitch, "aria-pressed", bands);
    const left = shown.filter((run) => !fits.includes(run)).map((run) => run.label);
    const axis = state.axes.find((one) => one.name === state.x);
    remark.textContent = [
      left.length && sentence(axis.left, { x: axis.short, runs: left.join("; ") }),
      bands && alike.length && state.words.about,
      state.untrained,
    ].filter(Boolean).join(" ");
    const single = (run) => ({ run, x: xs(run), accuracy: rounds(run).accuracy, loss: rounds(run).loss,
      backdoor: rounds(run).backdoor });
    if (!bands || !alike.length) return fits.map(single);
    return [...groups.values()].map((some) => {
      if (some.length < 2) return single(some[0]);
      const of = (name) => band(some.map((run) => (name === "x" ? xs(run) : rounds(run)[name])));
      const own = { accuracy: of("accuracy"), loss: of("loss") };
      const label = sentence(state.words.seeds, { n: plain.format(some.length), what: some[0].alike });
      const mean = { x: of("x").mean, accuracy: own.accuracy.mean, loss: own.loss.mean };
      return { run: { ...some[0], label }, ...mean, bands: own };
    });
  }

  /** All curves anew, and what tells of them in words. */
  function redraw() {
    cancelAnimationFrame(asked);
    asked = 0;
    const width = Math.max(240, chart.clientWidth || 660);
    // what stands below shall be in sight
    const height = Math.max(228, Math.min(400, width * 0.5 + 40, innerHeight - 540));
    const axis = state.axes.find((one) => one.name === state.x);
    const drawn = curves();
    const far = Math.max(state.x === "rounds" ? 2 : 0, ...drawn.map((one) => one.x.at(-1) ?? 0)) || 1;
    const begin = Math.min(...drawn.map((one) => one.x[0]).filter((first) => first > 0), far);
    const [low, high] = axis.log ? [begin / 1.3, far * 1.3] : [0, 1.04 * far];
    const px = (axis.log ? logScale : scale)(low, high, LEFT, width - RIGHT);
    const xTicks = (count) => (axis.log ? logTicks(low, high, count) : ticks(0, high, count, state.x === "rounds"));
    const nodes = [];
    let top = TOP;
    points = drawn.map((one) => ({ ...one, px: one.x.map(px), ys: [] }));
    PANELS.forEach(({ y, height: part }, panel) => {
      const bottom = top + (height - TOP - GAP - BOTTOM) * part;
      const place = { state, axis, y, panel, top, bottom, width, last: panel === PANELS.length - 1, xTicks,
        clip: `url(#${name}-${panel})` };
      nodes.push(...panelNodes(place, points, px));
      top = bottom + GAP;
    });
    rings = points.map(() => PANELS.map(() => draw("circle", { class: "fedlab-ring", r: 5, visibility: "hidden" })));
    picture.replaceChildren(...nodes, cursor, chosen, ...rings.flat());
    put(picture, "width", width);
    put(picture, "height", height);
    put(picture, "viewBox", `0 0 ${width} ${height}`);
    put(cursor, "d", `M0 ${TOP}V${height - BOTTOM}`);
    const told = drawn.map((one) => sentence(state.words.told, {
      run: one.run.label, accuracy: percent.format(one.accuracy.at(-1)), rounds: plain.format(one.accuracy.length),
    }));
    const about = told.join("; ") || state.words.none;
    put(chart, "aria-label", sentence(state.words.name, { x: axis.label, about }));
    numbers.hidden = !asTable || tableSwitch.hidden;
    if (!numbers.hidden) numbers.replaceChildren(numbersTable(state, state.runs.filter((run) => run.shown), rounds));
    emphasise();
    seek(at ? points.findIndex((one) => one.run.id === at.run) : -1, at?.place);
    choice();
  }

  const cursor = draw("path", { class: "fedlab-cursor" });
  const chosen = draw("circle", { class: "fedlab-chosen", r: 7 });

  /** Read the point at `place` of curve `index` (none if -1), and that of each other curve at the same x. */
  function seek(index, place) {
    const one = points[index];
    at = one ? { run: one.run.id, place: Math.min(Math.max(place, 0), one.px.length - 1) } : null;
    put(cursor, "visibility", at ? "visible" : "hidden");
    read.hidden = !at;
    const x = at ? one.px[at.place] : null;
    if (at) put(cursor, "transform", `translate(${x} 0)`);
    points.forEach((other, number) => {
      const near = !at ? other.px.length - 1 : other === one ? at.place : nearest(other.px, x);
      const there = at && Math.abs(other.px[near] - x) < 8;
      rings[number].forEach((ring, panel) => {
        put(ring, "visibility", there ? "visible" : "hidden");
        if (!there) return;
        put(ring, "cx", other.px[near]);
        put(ring, "cy", other.ys[panel][near]);
        put(ring, "stroke", ink(other.run));
        put(ring, "stroke-width", other === one ? 3 : 1.5);
      });
      const shownValue = values.get(other.run.id);
      if (shownValue) shownValue.textContent = !at || there ? percent.format(other.accuracy[near]) : "";
    });
    if (at) tellPoint(one, x);
  }

  /** How many examples with the trigger are called what an attack wants, in words; nothing where there is none. */
  function secret(one) {
    const share = one.backdoor?.[at.place];
    return Number.isFinite(share) ? [sentence(state.words.backdoor, { share: percent.format(share) })] : [];
  }

  /** The small box beside the point. */
  function tellPoint(one, x) {
    const { words } = state, mark = state.marks.find((mark) => mark.run === at.run && mark.round === at.place + 1);
    const parts = { round: plain.format(at.place + 1), accuracy: percent.format(one.accuracy[at.place]),
      loss: loss.format(one.loss[at.place]) };
    const lines = [one.run.label, sentence(words.point, parts), ...secret(one), mark?.text].filter(Boolean);
    if (one.bands) {
      const { low, high } = one.bands.accuracy;
      lines.push(sentence(words.range, { low: percent.format(low[at.place]), high: percent.format(high[at.place]) }));
    }
    const axis = state.axes.find(({ name }) => name === state.x);
    if (state.x !== "rounds") lines.push(`${axis.short}: ${plain.format(one.x[at.place])}`);
    read.replaceChildren(...lines.map((words, place) => make(place ? "div" : "b", {}, words)));
    const left = x > (picture.clientWidth || 660) / 2;
    const beside = left ? `right:calc(100% - ${x - 14}px)` : `left:${x + 14}px`;
    read.style.cssText = `top:${Math.max(0, one.ys[0][at.place] - 20)}px;${beside}`;
    return lines.join(". ");
  }

  /** A ring around the point that the rest of the page is about, and the button that looks behind it. */
  function choice() {
    const { run, round } = state.selected ?? {};
    const one = points.find((other) => other.run.id === run && !other.bands), newest = one?.px.length ?? 0;
    const there = round >= 1 && round <= newest;
    put(chosen, "visibility", there ? "visible" : "hidden");
    looker.hidden = !newest || !lab();
    if (!newest) return;
    behind = { run, round: there ? round : newest };
    const words = { run: one.run.label, round: plain.format(behind.round) };
    looker.textContent = sentence(state.words.look, words);
    put(looker, "title", sentence(state.words.looks, words));
    if (!there) return;
    put(chosen, "cx", one.px[round - 1]);
    put(chosen, "cy", one.ys[0][round - 1]);
  }

  function choosePoint() {
    if (!at) return;
    state.selected = { run: at.run, round: at.place + 1 };
    choice();
    tell(model, "select", state.selected);
  }

  const isChosen = () => at && state.selected?.run === at.run && state.selected.round === at.place + 1;
  const lab = () => el.closest(".fedlab-lab")?.querySelector(".fedlab-tabs"); // where what is behind is shown

  function lookBehind() {
    tell(model, "look", behind);
    lab().scrollIntoView({ block: "start", behavior: still() ? "auto" : "smooth" });
    lab().querySelector("[role=tab][aria-selected=true]")?.focus({ preventScroll: true });
  }

  /** The nearest point of all curves to the pointer, in the panel that it is in. */
  function pointed(event) {
    const box = inside ?? picture.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    inside = box;
    let best = Infinity, index = -1, place = 0;
    points.forEach((one, number) => {
      if (!one.px.length) return;
      const near = nearest(one.px, x);
      for (const ys of one.ys) {
        const far = Math.abs(one.px[near] - x) * 2 + Math.abs(ys[near] - y);
        if (far < best) [best, index, place] = [far, number, near];
      }
    });
    seek(index, place);
  }

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !points.length) return;
    const index = at ? points.findIndex((one) => one.run.id === at.run) : -1;
    const last = (number) => points[number].px.length - 1;
    const [now, place] = index < 0 ? [0, last(0)] : [index, at.place];
    const other = (step) => {
      const next = (now + step + points.length) % points.length;
      return [next, nearest(points[next].px, points[now].px[place])];
    };
    const moves = {
      ArrowLeft: () => [now, place - (index < 0 ? 0 : 1)], ArrowRight: () => [now, place + 1], Home: () => [now, 0],
      ArrowUp: () => other(index < 0 ? 0 : -1), ArrowDown: () => other(index < 0 ? 0 : 1),
      End: () => [now, last(now)], Escape: () => [-1, 0],
    };
    if (event.key === "Enter") isChosen() && lab() ? lookBehind() : choosePoint();
    else if (moves[event.key]) seek(...moves[event.key]());
    else return;
    event.preventDefault();
    event.stopPropagation();
    clearTimeout(telling);
    telling = setTimeout(() => {
      if (at) said.textContent = [...read.children].map((one) => one.textContent).join(". ");
    }, QUIET);
  }

  const soon = () => { asked ||= requestAnimationFrame(redraw); };
  const leave = () => { inside = null; if (document.activeElement !== plot) seek(-1); };
  const acts = {
    pointermove: pointed, pointerdown: pointed, pointerenter: () => { inside = null; }, pointerleave: leave,
    click: choosePoint, dblclick: () => isChosen() && lab() && lookBehind(), keydown: pressed, blur: () => seek(-1),
  };
  for (const [event, act] of Object.entries(acts)) plot.addEventListener(event, act);
  const scrolled = () => { inside = null; };
  addEventListener("scroll", scrolled, true);
  const endings = [follow(model, show), listen(model, (message) => { if (message.append) soon(); })];
  model.on("change:rounds", soon);
  const size = new ResizeObserver(soon);
  size.observe(chart);
  return () => {
    endings.forEach((end) => end());
    model.off("change:rounds", soon);
    removeEventListener("scroll", scrolled, true);
    size.disconnect();
    cancelAnimationFrame(asked);
    clearTimeout(telling);
  };
}

export default { initialize, render };
