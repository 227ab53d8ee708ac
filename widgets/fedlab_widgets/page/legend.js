// What stands around the chart: the switch of the x axis, the legend, and the same numbers as a table.

const DASHES = { "-": null, "--": "7 3", "-.": "7 3 2 3", ":": "2 3" };

/** A run's colour; black is the page's own ink, which is white where the page is dark. */
function ink(run) {
  return run.colour === "#000000" ? "currentColor" : run.colour;
}

/** A short piece of a run's line. */
function sample(run) {
  const stroke = { stroke: ink(run), "stroke-width": run.width, "stroke-dasharray": DASHES[run.line] };
  const dot = { d: `M14 6${SHAPES[run.marker]}`, fill: ink(run), stroke: ink(run) };
  return draw("svg", { width: 28, height: 12, "aria-hidden": "true" }, draw("path", { d: "M1 6H27", ...stroke }),
    draw("path", dot));
}

/** Buttons of which one is pressed: what the curves are drawn against. */
function axisSwitch(state, choose) {
  const button = (axis) => {
    const onclick = () => choose(axis.name);
    return make("button", { type: "button", title: axis.about, "aria-pressed": String(axis.name === state.x), onclick },
      axis.short);
  };
  return state.axes.map(button);
}

/** A button for each run, which hides its curve or shows it; `values` gets the element that holds its number. */
function legendEntries(state, values, { toggle, point }) {
  return state.runs.map((run) => {
    const number = make("b", {});
    values.set(run.id, number);
    const on = () => point(run.id), off = () => point(null);
    const listening = { onclick: () => toggle(run), onmouseenter: on, onmouseleave: off, onfocus: on, onblur: off };
    const attributes = { type: "button", class: "fedlab-entry", "aria-pressed": String(run.shown),
      title: state.words.hide };
    return make("button", { ...attributes, ...listening }, sample(run), make("span", {}, run.label), number);
  });
}

/** Rounds × runs, as a table for those who cannot see the curves. */
function numbersTable(state, runs, rounds) {
  const { words } = state;
  const longest = Math.max(0, ...runs.map((run) => rounds(run).accuracy.length));
  const names = runs.map((run) => make("th", { scope: "colgroup", colspan: 2 }, run.label));
  const kinds = runs.flatMap(() => [make("th", { scope: "col" }, words.accuracy),
    make("th", { scope: "col" }, words.loss)]);
  const cell = (format, value) => make("td", {}, Number.isFinite(value) ? format.format(value) : "");
  const row = (_, place) => make("tr", {}, make("th", { scope: "row" }, plain.format(place + 1)),
    runs.map((run) => [cell(percent, rounds(run).accuracy[place]), cell(loss, rounds(run).loss[place])]).flat());
  const head = make("tr", {}, make("th", { scope: "col", rowspan: 2 }, words.round), names);
  return make("table", {}, make("caption", { class: "fedlab-unseen" }, words.caption),
    make("thead", {}, head, make("tr", {}, kinds)), make("tbody", {}, Array.from({ length: longest }, row)));
}
