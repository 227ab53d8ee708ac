// A federation of real machines: for the teacher who has come and what to do, for a party what would run here.
// blocks: {table: {caption, head, rows}} or {says}; a cell is text, or {act, label, about, values} for a button.

export default {
  render({ model, el }) {
    const title = make("p", { class: "fedlab-headline", role: "status" }), buttons = make("div", { class: "fedlab-acts" });
    const complaint = make("div", { class: "fedlab-complaint", role: "alert" }), blocks = make("div");
    el.classList.add("fedlab-classroom");
    el.append(title, buttons, complaint, blocks);

    const press = ({ act, values = {} }) => tell(model, act, values);
    const button = (spec) => make("button", { type: "button", class: `jupyter-button ${spec.main ? "mod-primary" : ""}`,
      "data-act": spec.act, "data-key": JSON.stringify(spec.values ?? {}), "aria-label": spec.about ?? spec.label,
      title: spec.about ?? spec.label, disabled: Boolean(spec.off), onclick: () => press(spec) }, spec.label);
    const cell = (one) => (typeof one === "object" ? button(one) : one);

    function table({ caption, head, rows }) {
      return make("table", { class: "fedlab-runs" },
        make("caption", { class: "fedlab-caption" }, caption),
        make("thead", {}, make("tr", {}, head.map((name) => make("th", { scope: "col" }, name)))),
        make("tbody", {}, rows.map(([first, ...rest]) => make("tr", {}, make("th", { scope: "row" }, cell(first)),
          rest.map((one) => make("td", { class: /^fedlab\d:/.test(one) ? "fedlab-code" : null }, cell(one)))))));
    }

    let shown = "";
    return follow(model, (state) => {
      if (JSON.stringify(state) === shown) return;
      shown = JSON.stringify(state);
      const { act, key } = el.getRootNode().activeElement?.dataset ?? {}; // a button that is made anew keeps the focus
      title.textContent = state.title;
      complaint.textContent = state.complaint;
      complaint.hidden = !state.complaint;
      buttons.replaceChildren(...state.buttons.map(button));
      blocks.replaceChildren(...state.blocks.map((one) =>
        one.table ? table(one.table) : make("p", { class: one.code ? "fedlab-code" : "fedlab-lesson" }, one.says)));
      if (act) el.querySelector(`[data-act="${act}"][data-key="${CSS.escape(key)}"]`)?.focus();
    });
  },
};
