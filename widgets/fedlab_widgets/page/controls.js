// The controls: a slider and a box, or a menu, for each setting; below each, or above all, what it teaches.
// schema: what there is to set. state: the values now, what is wrong with them, which groups are open.

const SILENCE = 6000; // ms without an answer after which the page says that Python is busy or gone
let panels = 0;

/** The place of the slider that shows a value best. */
function nearest(steps, text) {
  const same = steps.indexOf(text);
  if (same >= 0) return same;
  const far = steps.map((step) => Math.abs(Number(step) - Number(text)));
  const best = far.reduce((least, one, place) => (one < far[least] ? place : least), 0);
  return Number.isFinite(far[best]) ? best : 0;
}

/** A slider over the steps of a setting, and the box to type into. */
function sliderAndBox(spec, id, says, send) {
  const valueText = (text) => (spec.unit && !isNaN(text) ? `${text} ${spec.unit}` : text);
  const slider = make("input", {
    type: "range", id, class: "fedlab-slider", min: 0, max: spec.steps.length - 1, step: 1, "aria-describedby": says,
    oninput: () => {
      box.value = spec.steps[slider.value];
      put(slider, "aria-valuetext", valueText(box.value));
      send.moved({ name: spec.name, step: Number(slider.value) });
    },
    onchange: () => send.now(),
  });
  const box = make("input", {
    type: "text", class: "fedlab-box", "aria-label": spec.typed, "aria-describedby": says, title: spec.limits,
    autocomplete: "off", spellcheck: "false", onchange: () => send.settled({ name: spec.name, text: box.value }),
  });
  const show = (text, fixed, refused) => {
    if (document.activeElement !== box || box.value === slider.dataset.shown) box.value = text;
    slider.dataset.shown = text;
    slider.value = nearest(spec.steps, text);
    put(slider, "aria-valuetext", valueText(text));
    slider.disabled = box.disabled = fixed;
    put(box, "aria-invalid", refused);
  };
  return { parts: [slider, box], show };
}

/** A menu over the choices of a setting. */
function menu(spec, id, says, send) {
  const select = make("select", {
    id, class: "fedlab-menu", "aria-describedby": says,
    onchange: () => send.settled({ name: spec.name, step: select.selectedIndex }),
  }, spec.options.map((text) => make("option", {}, text)));
  const show = (place, fixed, refused) => {
    select.selectedIndex = place;
    select.disabled = fixed;
    put(select, "aria-invalid", refused);
  };
  return { parts: [select], show };
}

/** The button that runs several values: the first click says which, the second does it. */
function sweepOf(spec, words, send) {
  const close = () => {
    values.hidden = true;
    put(button, "aria-expanded", false);
  };
  const button = make("button", {
    type: "button", class: "fedlab-sweep", "aria-label": spec.sweep, "aria-expanded": "false", title: spec.sweep,
    onclick: () => {
      values.hidden = !values.hidden;
      put(button, "aria-expanded", !values.hidden);
      if (!values.hidden) go.focus();
    },
  }, words.sweep);
  const go = make("button", {
    type: "button", class: "fedlab-go",
    onclick: () => {
      close();
      button.focus();
      send.sweep(spec.name);
    },
  }, words.go);
  const list = make("span", {}, spec.sweep.slice(spec.sweep.indexOf(":") + 1));
  const values = make("div", { class: "fedlab-values", hidden: true }, words.runs, list, go);
  const leave = (event) => {
    if (event.key !== "Escape" || values.hidden) return;
    event.stopPropagation();
    close();
    button.focus();
  };
  for (const one of [button, values]) one.addEventListener("keydown", leave);
  return { button, values, disable: (fixed) => (button.disabled = fixed) };
}

/** One control. show(state) brings it up to date, or hides it if its setting is not there with the kinds chosen. */
function control(spec, panel, { words, send }) {
  const id = `${panel}-${spec.name}`, says = `${id}-help`, css = spec.name.replaceAll("_", "-");
  const { parts, show } = (spec.options ? menu : sliderAndBox)(spec, id, says, send);
  const sweep = spec.sweep ? sweepOf(spec, words, send) : null;
  const label = make("label", { for: id }, spec.title, spec.symbol ? make("i", {}, ` ${spec.symbol}`) : null);
  const help = make("div", { id: says, class: "fedlab-lesson" });
  const complaint = make("div", { class: "fedlab-beside" });
  const row = make("div", { class: "fedlab-row" }, label, parts, sweep?.button, sweep?.values);
  const view = make("div", { class: `fedlab-control fedlab-${css}`, "data-part": `control-${spec.name}` }, row, help,
    complaint);
  return {
    view,
    show: (state, busy) => {
      const value = state.values[spec.name], fixed = state.fixed[spec.name], refused = state.refused[spec.name] ?? "";
      if (value === undefined) return;
      if (!busy) show(value, Boolean(fixed), Boolean(refused));
      sweep?.disable(Boolean(fixed));
      help.textContent = fixed ?? spec.lessons?.[value] ?? spec.lesson;
      if (complaint.textContent === refused) return;
      complaint.replaceChildren(...(refused ? [make("div", { class: "fedlab-complaint", role: "alert" }, refused)]
        : []));
    },
  };
}

/** Controls below each other; those of a role's kinds stand below its menu, and come and go with the choice. */
function controls(specs, panel, context) {
  const shown = [], view = make("div", { class: "fedlab-column" });
  for (const spec of specs) {
    const main = control(spec, panel, context);
    main.view.hidden = Boolean(spec.hidden);
    view.append(main.view);
    shown.push({ ...main, counts: () => !spec.hidden });
    (spec.own ?? []).forEach((own, place) => {
      if (!own.length) return;
      const inside = own.map((one) => control(one, `${panel}-${place}`, context));
      const box = make("div", { class: "fedlab-own" }, inside.map((one) => one.view)),
        here = document.createComment("");
      const show = (state, busy) => { // what is not chosen is not on the page: kinds may have settings of one name
        if (state.values[spec.name] !== place) return box.remove();
        if (!box.isConnected) here.after(box);
        inside.forEach((one) => one.show(state, busy));
      };
      view.append(here);
      shown.push({ show, counts: (state) => (state.values[spec.name] === place ? inside.length : 0) });
    });
  }
  return {
    view,
    show: (state, busy) => shown.forEach((one) => one.show(state, busy)),
    count: (state) => shown.reduce((sum, one) => sum + Number(one.counts(state)), 0),
  };
}

export default {
  render({ model, el }) {
    const { words, few, first, groups } = model.get("schema"), panel = `fedlab-panel-${++panels}`;
    let last = "", silent = 0;
    const alive = () => {
      clearTimeout(silent);
      gone.hidden = true;
    };
    const clock = newest(model, () => (alive(), show(model.get("state"))));
    const say = (act, values, now) => {
      if (last !== (values.name ?? act)) clock.now(); // of each control the newest counts, not of all together
      last = values.name ?? act;
      clock.say(act, values);
      if (now) clock.now();
      clearTimeout(silent);
      silent = setTimeout(() => (gone.hidden = false), SILENCE);
    };
    const send = {
      moved: (values) => say("set", values),
      settled: (values) => say("set", values, true),
      now: clock.now,
      sweep: (name) => say("sweep", { name }, true),
    };
    const context = { words, send };
    const top = controls(first, panel, context);
    const gone = make("div", { class: "fedlab-silent", role: "status", hidden: true }, words.silent);
    const follows = make("input", { type: "checkbox", onchange: () => say("follow", { on: follows.checked }, true) });
    const head = make("label", { class: "fedlab-follow", "data-part": "follow", title: words.following }, follows,
      words.follow);
    const folded = groups.map(({ name, controls: specs }, place) => {
      const inside = controls(specs, `${panel}-g${place}`, context), id = `${panel}-group-${place}`;
      inside.view.id = id;
      const button = make("button", {
        type: "button", class: "fedlab-group", "aria-controls": id, title: words.group, "data-part": `group-${name}`,
        onclick: () => say("group", { title: name, open: inside.view.hidden }, true),
      });
      const show = (state, busy) => {
        inside.view.hidden = !state.open.includes(name);
        put(button, "aria-expanded", !inside.view.hidden);
        button.textContent = inside.view.hidden ? state.closed[name] : groups[place].title;
        inside.show(state, busy);
      };
      return { button, view: inside.view, show };
    });
    const show = (state) => {
      const busy = clock.busy();
      root.classList.toggle("fedlab-few", top.count(state) <= few);
      top.show(state, busy);
      for (const group of folded) group.show(state, busy);
      if (!busy) follows.checked = state.follows;
      follows.disabled = state.locked;
    };
    const hint = make("div", { class: "fedlab-hint" }, words.hint);
    const below = folded.flatMap(({ button, view }) => [button, view]);
    const root = make("div", { class: "fedlab-panel" }, hint, head, gone, top.view, below);
    el.append(root);
    const ends = [clock.end, follow(model, show), () => clearTimeout(silent)];
    return () => ends.forEach((end) => end());
  },
};
