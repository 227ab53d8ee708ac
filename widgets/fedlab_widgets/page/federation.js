// The federation at work: a server, its parties around it, and the six steps of a round. motion.js draws what moves.

const STEPS = 6, SLOW = 9000, LEAST = 500, ONE_STEP = 1600; // milliseconds: a round, slowly; a round at least; a step
const APART = 45; // and between two pictures while something trains, which needs the processors more

export default {
  render({ model, el }) {
    const canvas = make("canvas", { "aria-hidden": "true" }), cards = make("div", { class: "fedlab-cards" });
    const stage = make("div", { class: "fedlab-stage", role: "group" }, canvas, cards);
    const titles = make("ol", { class: "fedlab-steps" }),
      said = make("p", { class: "fedlab-said", "aria-live": "polite" });
    const legend = make("ul", { class: "fedlab-signs" }), others = make("p", { class: "fedlab-others" });
    const button = (sign, onclick) => make("button", { class: "fedlab-go", type: "button", onclick }, sign);
    const back = button("‹", () => walk(-1)), on = button("›", () => walk(1));
    const play = button("▶", () => begin(0, STEPS, SLOW));
    el.classList.add("fedlab-federation");
    el.append(make("div", { class: "fedlab-walk" }, back, titles, on, play), said, stage, others, legend);

    let state = {}, round = {}, places = [], phase = 1, motion = null, frame = 0, came = 0, drawn = 0, seen = false,
      wanted = null;

    const endFollow = follow(model, (now) => {
      if (now.parties === undefined) return;
      state = { ...now, counts: whole(now.counts) };
      put(stage, "aria-label", now.words.alt);
      for (const [button, name] of [[back, "back"], [on, "on"], [play, "play"]])
        for (const said of ["aria-label", "title"]) put(button, said, now.words[name]);
      titles.replaceChildren(...now.titles.map((title, step) =>
        make("li", {}, make("button", { type: "button", onclick: () => choose(step) }, `${step + 1} ${title}`))));
      legend.replaceChildren(...now.legend.map(([sign, text]) => make("li", {}, icon(sign), text)));
      lay();
    });
    const heard = () => {
      const fresh = model.get("round");
      if (fresh.number === undefined) return;
      const now = performance.now(), passed = now - came, before = JSON.stringify(round.drawn);
      [round, came] = [fresh, now];
      if (JSON.stringify(fresh.drawn) === before) mark();
      else lay();
      if (fresh.pace === "fast") begin(0, STEPS, Math.min(2500, Math.max(LEAST, passed)));
      else if (fresh.pace === "slow") begin(0, STEPS, SLOW);
      else if (wanted !== null) goTo(wanted);
      else stand(phase);
      wanted = null;
    };
    model.on("change:round", heard);

    /** Put the parties around the server, as many as are drawn, with as much room as there is. */
    function lay() {
      if (!state.parties || !round.drawn || el.clientWidth < 100) return;
      const wide = el.clientWidth, tall = Math.round(wide < 420 ? wide * 0.95 : Math.min(330, wide * 0.6)),
        many = round.drawn.length;
      stage.style.height = `${tall}px`;
      const [w, h] = many <= 10 ? [56, 44] : many <= 18 ? [44, 36] : [32, 28], most = Math.max(1, ...state.counts);
      const spots = around(many, wide / 2 - w / 2 - 3, tall / 2 - h / 2 - 3);
      places = spots.map(([x, y]) => ({ x: wide / 2 + x, y: tall / 2 + y, w, h }));
      cards.replaceChildren(...round.drawn.map((party, place) => {
        const { x, y } = places[place], own = state.counts.slice(party * state.classes, (party + 1) * state.classes);
        const bar = w / (own.length + 2);
        const bars = Array.from(own, (count, label) => {
          const high = count ? Math.max(1, (h - 15) * Math.sqrt(count / most)) : 0;
          return draw("rect", { x: (label + 1) * bar, y: h - 3 - high, width: Math.max(0.7, bar - 0.8), height: high });
        });
        return make("button", { type: "button", class: "fedlab-party",
          style: `left:${x - w / 2}px;top:${y - h / 2}px;width:${w}px;height:${h}px`,
          onclick: () => tell(model, "select", { party }) },
            draw("svg", { width: w, height: h, "aria-hidden": "true" }, bars), make("b", {}, party), make("span"));
      }));
      mark();
      stand(phase);
    }

    /** How each party fares in this round: its looks, its signs and its name. */
    function mark() {
      if (!state.parties) return;
      const { words } = state;
      round.drawn.forEach((party, place) => {
        const card = cards.children[place], marks = round.marks[place];
        if (!card) return;
        card.classList.toggle("fedlab-asked", marks.includes("c"));
        card.classList.toggle("fedlab-open", party === state.party);
        card.lastChild.replaceChildren(...[..."lsa"].filter((one) => marks.includes(one)).map(icon));
        const told = ["s", "n", "l", "c"].find((one) => marks.includes(one)) ?? "";
        const what = [words.what[told], marks.includes("a") ? words.what.a : ""].join(" ").trim();
        const all = sum(state.counts, party * state.classes, (party + 1) * state.classes).toLocaleString("en");
        put(card, "aria-label", sentence(words.party, { party, all, what }));
        put(card, "title", card.getAttribute("aria-label"));
      });
      const rest = state.parties - round.drawn.length;
      others.hidden = rest <= 0;
      const working = Math.max(0, round.chosen - round.marks.filter((marks) => marks).length);
      others.textContent = rest > 0 ? sentence(words.others,
        { others: rest.toLocaleString("en"), working: working.toLocaleString("en") }) : "";
    }

    /** The picture of one moment: 2.5 is the middle of the third step. */
    function stand(at) {
      phase = at;
      if (!places.length || !state.parties) return;
      const step = Math.min(STEPS - 1, Math.floor(at)),
        told = !round.done ? "preview" : round.number === 1 ? "first" : "later";
      [...titles.children].forEach((title, place) =>
        put(title.firstChild, "aria-current", place === step ? "step" : "false"));
      const text = [sentence(state.words.round, round),
        sentence(state.steps[told][step], { ...round, ...round.values, before: round.number - 1 })];
      const whole = `${text.join(". ")}${round.done ? "" : ` ${state.words.preview}`}`;
      if (said.textContent !== whole) said.textContent = whole;
      paint(canvas, stage, { state, round, places }, step, Math.min(1, at - step));
    }

    /** Move from one moment to another in so many milliseconds; without motion only its end is shown. */
    function begin(from, to, time) {
      put(said, "aria-live", to - from > 1 ? "off" : "polite");
      if (still() || !seen || document.hidden) {
        motion = null;
        return stand(to - 0.001);
      }
      motion = { from, to, time, began: performance.now() };
      frame ||= requestAnimationFrame(move);
    }

    function move(now) {
      frame = 0;
      if (!motion) return;
      const { from, to, time, began } = motion, share = Math.min(1, Math.max(0, (now - began) / time));
      if (share >= 1) motion = null;
      else if (round.pace === "fast" && now - drawn < APART) return (frame = requestAnimationFrame(move));
      drawn = now;
      stand(Math.min(to - 0.001, from + share * (to - from)));
      if (motion && seen && !document.hidden) frame = requestAnimationFrame(move);
    }

    const goTo = (step) => begin(step, step + 1, ONE_STEP);
    const choose = (step) => (goTo(step), tell(model, "step", { at: step }));
    function walk(by) {
      const step = Math.floor(phase) + by, number = round.number + by;
      if (step >= 0 && step < STEPS) return choose(step);
      if (number < 1 || number > round.done) return;
      wanted = by > 0 ? 0 : STEPS - 1;
      tell(model, "round", { at: number });
    }

    const sight = new IntersectionObserver(([entry]) =>
      ((seen = entry.isIntersecting), motion && seen && (frame ||= requestAnimationFrame(move))));
    sight.observe(stage);
    const size = new ResizeObserver(lay), endTheme = onTheme(() => stand(phase));
    size.observe(el);
    heard();
    return () => {
      motion = null;
      for (const one of [sight, size]) one.disconnect();
      model.off("change:round", heard);
      endTheme();
      endFollow();
    };
  },
};

/** So many places on an ellipse, from the top on, each as far from the next. */
function around(many, wide, tall) {
  const fine = 720, at = (turn) => [wide * Math.sin(turn), -tall * Math.cos(turn)], ends = [0];
  for (let step = 1; step <= fine; step++) {
    const [a, b] = [at((2 * Math.PI * (step - 1)) / fine), at((2 * Math.PI * step) / fine)];
    ends.push(ends[step - 1] + Math.hypot(a[0] - b[0], a[1] - b[1]));
  }
  return Array.from({ length: many }, (_, place) => {
    const goal = (((many === 2 ? place + 0.5 : place) / many) * ends[fine]);
    return at((2 * Math.PI * ends.findIndex((end) => end >= goal)) / fine);
  });
}

const sum = (numbers, from, to) => numbers.slice(from, to).reduce((a, b) => a + b, 0);

/** A sign of the legend: told apart by its shape. */
function icon(sign) {
  const shapes = {
    model: [draw("rect", { x: 2, y: 2, width: 10, height: 10, rx: 2, class: "fedlab-square" }),
      draw("path", { d: "M7 2v10M2 7h10", class: "fedlab-fine" })],
    update: [draw("path", { d: "M7 1l6 6-6 6-6-6z", class: "fedlab-update" })],
    l: [draw("circle", { cx: 7, cy: 7, r: 5.5, class: "fedlab-stroke" }),
      draw("path", { d: "M7 3.5V7l2.5 1.5", class: "fedlab-stroke" })],
    s: [draw("path", { d: "M3 3l8 8M11 3l-8 8", class: "fedlab-stroke" })],
    a: [draw("path", { d: "M7 1.5l6 11H1z", class: "fedlab-alarm" }),
      draw("path", { d: "M7 5.5v3M7 10v1", class: "fedlab-stroke" })],
    coded: [draw("path", { d: "M7 4l3 3-3 3-3-3z", class: "fedlab-update" }),
      draw("path", { d: "M1 2v10M13 2v10", class: "fedlab-stroke" })],
    masked: [draw("rect", { x: 3, y: 6.5, width: 8, height: 6, rx: 1, class: "fedlab-update" }),
      draw("path", { d: "M4.5 6.5v-2a2.5 2.5 0 015 0v2", class: "fedlab-stroke" })],
    noisy: [draw("path", { d: "M7 3.5l3.5 3.5L7 10.5 3.5 7z", class: "fedlab-update" }),
      ...[[1, 3], [12, 2], [13, 8], [2, 11], [10, 12.5], [5, 1]].map(
        ([cx, cy]) => draw("circle", { cx, cy, r: 0.9, class: "fedlab-dot" }))],
  };
  return draw("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true", class: "fedlab-icon" },
    shapes[sign]);
}
