// What can be read from an update: sliders or boxes, what it is as numbers and as a picture, and images read from it.
// parts: one for each update that was attacked, with sentences and pairs of pictures.

const LEFT = 56, SPACE = 5, UNDER = 17;

/** A slider over texts, or a box for a whole number; show(spec) brings it up to date. */
function choice(spec, sender) {
  const said = make("output", { "aria-hidden": "true" }), range = spec.texts !== undefined;
  const input = make("input", range
    ? { type: "range", min: 0, max: spec.texts.length - 1, step: 1, "data-name": spec.name,
        oninput: () => (tellValue(), sender.say("set", { name: spec.name, at: Number(input.value) })),
        onchange: () => sender.now() }
    : { type: "number", min: 0, max: spec.last, "data-name": spec.name,
        onchange: () => sender.say("set", { name: spec.name, at: Number(input.value) }) });
  const tellValue = () => {
    if (!range) return;
    said.textContent = spec.texts[input.value];
    put(input, "aria-valuetext", spec.texts[input.value]);
  };
  const show = (now) => {
    input.value = now.at;
    if (!range) put(input, "max", now.last);
    tellValue();
  };
  const view = make("label", { class: range ? "fedlab-range" : "" }, make("span", {}, spec.label), input,
    range ? said : null);
  return { view, show };
}

/** Own images above, what was read below, with a frame and a tick where it is the same; as many lines as it takes. */
function paintPairs(canvas, pairs, room) {
  const { own, found, tall, wide, labels, same, words } = pairs, count = labels.length, colour = colours(canvas);
  const { ink, muted, good: mark } = colour;
  const each = count <= 4 ? 84 : count <= 8 ? 64 : 44, high = Math.round((each * tall) / wide);
  const fit = Math.max(1, Math.min(count, Math.floor((room - LEFT) / (each + SPACE)))), lines = Math.ceil(count / fit);
  const across = Math.ceil(count / lines), line = 2 * high + SPACE + UNDER;
  const pen = sharp(canvas, LEFT + across * (each + SPACE), lines * line), some = found.byteLength > 0;
  pen.imageSmoothingEnabled = false;
  labels.forEach((label, place) => {
    const x = LEFT + (place % across) * (each + SPACE) + 2, top = Math.floor(place / across) * line + 2;
    const below = top + high + SPACE;
    if (place % across === 0) {
      pen.fillStyle = muted;
      pen.textAlign = "left";
      pen.fillText(words.own, 0, top + high / 2);
      pen.fillText(words.found, 0, below + high / 2);
    }
    pen.drawImage(inked(own, place, tall, wide, ink), x, top, each - 4, high - 4);
    if (some) pen.drawImage(inked(found, place, tall, wide, ink), x, below, each - 4, high - 4);
    pen.strokeStyle = same[place] ? mark : muted;
    pen.lineWidth = same[place] ? 2.5 : 0.5;
    pen.strokeRect(x - 1, below - 1, each - 2, high - 2);
    pen.fillStyle = same[place] ? mark : muted;
    pen.textAlign = "center";
    pen.fillText(same[place] ? `${label} ✓` : label, x + each / 2 - 2, below + high + 5);
  });
}

export default {
  render({ model, el }) {
    const above = make("div", { class: "fedlab-choose" });
    const beside = make("div", { class: "fedlab-choose" }), unit = make("canvas", { role: "img" });
    const about = make("p", { class: "fedlab-lesson" });
    const picture = make("div", {}, beside, unit, about), facts = make("table", { class: "fedlab-runs" });
    const parts = make("div"), right = make("div", { class: "fedlab-terms" }, facts, parts);
    el.classList.add("fedlab-unit", "fedlab-sees");
    el.append(above, make("div", { class: "fedlab-opened" }, picture, right));
    const sender = newest(model, () => showChoices());
    let state = null, shown = [], names = "", canvases = [], room = 0, waiting = 0;
    const soon = () => (waiting ||= requestAnimationFrame(() => ((waiting = 0), paint())));

    function showChoices() {
      const wanted = JSON.stringify(state.choices.map(({ at, last, ...rest }) => rest));
      if (wanted !== names) {
        shown = state.choices.map((spec) => choice(spec, sender));
        above.replaceChildren(...shown.filter((one, place) => !state.choices[place].beside).map((one) => one.view));
        beside.replaceChildren(...shown.filter((one, place) => state.choices[place].beside).map((one) => one.view));
        names = wanted;
      }
      if (!sender.busy()) shown.forEach((one, place) => one.show(state.choices[place]));
    }

    function paint() {
      room = parts.clientWidth || room; // none for a moment, while JupyterLab changes its theme
      if (!state || room < 50) return;
      for (const [canvas, pairs] of canvases) paintPairs(canvas, pairs, room);
      if (state.unit) paintUnit(unit, state.unit);
    }

    const endFollow = follow(model, (now) => {
      el.hidden = now.parts === undefined;
      if (el.hidden) return;
      state = now;
      showChoices();
      picture.hidden = !now.unit;
      if (now.unit) [about.textContent] = [now.unit.alt, put(unit, "aria-label", now.unit.alt)];
      facts.replaceChildren(make("tbody", {}, now.facts.map(([name, value]) =>
        make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, value)))));
      canvases = [];
      parts.replaceChildren(...now.parts.map((part) => {
        const canvas = part.pairs ? make("canvas", { role: "img", "aria-label": part.pairs.alt }) : null;
        if (canvas) canvases.push([canvas, part.pairs]);
        return make("section", {}, part.title ? make("p", { class: "fedlab-caption" }, part.title) : null, canvas,
          make("div", { role: "status" }, part.says.map((text) => make("p", {}, text))));
      }));
      paint();
    });
    const size = new ResizeObserver(soon), endTheme = onTheme(soon);
    size.observe(el);
    return () => (size.disconnect(), endTheme(), sender.end(), endFollow(), cancelAnimationFrame(waiting));
  },
};
