// One number: a weight, what each party has made of it, and what the server makes of that.

export default {
  render({ model, el }) {
    const title = make("p", { class: "fedlab-caption" }), tools = make("div", { class: "fedlab-choose" });
    const canvas = make("canvas", { role: "img", onclick: (event) => pick(event) }),
      about = make("p", { class: "fedlab-lesson" });
    const table = make("table", { class: "fedlab-runs" }), line = make("p", { class: "fedlab-sum" });
    const says = make("div", { "aria-live": "polite" });
    el.classList.add("fedlab-unit");
    const left = make("div", {}, canvas, about),
      right = make("div", { class: "fedlab-terms" }, line, says, make("div", { class: "fedlab-table" }, table));
    el.append(title, tools, make("div", { class: "fedlab-opened" }, left, right));
    let state = {};

    const choose = (layer, index) => tell(model, "choose", { layer, index });
    const pick = (event) => {
      const box = canvas.getBoundingClientRect(), { tall, wide, index } = state;
      const row = Math.floor(((event.clientY - box.top) / box.height) * tall),
        column = Math.floor(((event.clientX - box.left) / box.width) * wide);
      choose(state.layer, [row * wide + column, index[1]]);
    };

    /** The menu of layers, and a box for each place in one. */
    function build() {
      const { words } = state, focus = [...tools.querySelectorAll("select, input")].indexOf(document.activeElement);
      const layer = make("select", { onchange: () => choose(Number(layer.value), []) },
        state.layers.map((name, at) => make("option", { value: at, selected: at === state.layer }, name)));
      const boxes = state.sizes.map((size, at) =>
        make("input", { type: "number", min: 0, max: size - 1, value: state.index[at],
        onchange: () => choose(state.layer, boxes.map((box) => Number(box.value))) }));
      tools.replaceChildren(make("label", {}, words.layer, layer),
        ...boxes.map((box, at) => make("label", {}, words.index[at] ?? `${words.place} ${at + 1}`, box)));
      tools.querySelectorAll("select, input")[focus]?.focus();
    }

    function paint() {
      const { tall, wide } = state;
      left.hidden = !tall;
      if (!tall) return;
      const each = UNIT / wide, pen = paintUnit(canvas, state);
      pen.strokeStyle = colours(canvas).ink;
      pen.lineWidth = 2;
      pen.strokeRect((state.index[0] % wide) * each, Math.floor(state.index[0] / wide) * each, each, each);
    }

    const endFollow = follow(model, (now) => {
      el.hidden = now.rows === undefined;
      if (el.hidden) return;
      state = now;
      title.textContent = now.words.title;
      build();
      line.textContent = now.sum;
      says.replaceChildren(...now.says.map((text) => make("p", {}, text)));
      table.replaceChildren(make("thead", {},
        make("tr", {}, now.words.head.map((name) => make("th", { scope: "col" }, name)))),
        make("tbody", {}, now.rows.map((row) => make("tr", {}, row.map((cell) => make("td", {}, cell))))));
      about.textContent = now.alt;
      put(canvas, "aria-label", now.alt);
      paint();
    });
    const endTheme = onTheme(paint);
    return () => (endFollow(), endTheme());
  },
};
