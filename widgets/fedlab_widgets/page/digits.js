// A pad to draw digits on: mouse, pen, finger or keys; what the model sees of it; what it reads; what was kept.

const PAD = 252, GRID = 24, STEP = 1 / GRID; // pixels; the cells that the keyboard's pen moves by
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export default {
  render({ model, el }) {
    const { words } = model.get("state");
    el.classList.add("fedlab-digits");
    const canvas = make("canvas", { tabindex: 0, role: "application", "aria-label": words.pad, "aria-describedby": "",
      "data-lm-suppress-shortcuts": "true" });
    const small = make("canvas", { role: "img" }), spoken = make("div", { class: "fedlab-spoken", role: "status" });
    const button = (act, name, press) => make("button", { type: "button", class: "jupyter-button", "data-act": act,
      onclick: press }, name);
    const undo = button("undo", words.undo, () => (strokes.pop(), changed()));
    const clear = button("clear", words.clear, () => ((strokes = []), changed()));
    const keep = button("keep", words.keep, () => { sender.now(); tell(model, "keep"); });
    keep.classList.add("mod-primary");
    const labels = [...Array(10).keys()].map((digit) => make("button", { type: "button", class: "jupyter-button",
      "data-label": digit, "aria-pressed": "false", onclick: () => tell(model, "label", { label: digit }) }, `${digit}`));
    const bars = [...Array(10).keys()].map((digit) => ({ row: make("div", { class: "fedlab-bar" }), digit,
      bar: make("i"), said: make("span") }));
    for (const { row, bar, said, digit } of bars) row.append(make("b", {}, `${digit}`), make("u", {}, bar), said);
    const asked = make("p", { class: "fedlab-note" }), complaint = make("div", { class: "fedlab-complaint", role: "alert" });
    const reads = make("div", { class: "fedlab-reads", role: "img" }, bars.map((one) => one.row));
    const kept = make("div", { class: "fedlab-kept-digits", role: "list", "aria-label": words.kept });
    const acts = make("div", { class: "fedlab-acts" });
    el.append(
      make("div", { class: "fedlab-pad" },
        make("div", {}, canvas, make("div", { class: "fedlab-acts" }, undo, clear)),
        make("div", {}, make("p", { class: "fedlab-caption" }, words.sees), small),
        make("div", { class: "fedlab-reading" }, make("p", { class: "fedlab-caption" }, words.reads), reads, asked)),
      make("div", { class: "fedlab-acts fedlab-labels", role: "group", "aria-label": words.label },
        make("span", {}, words.label), labels, keep),
      complaint, kept, acts, spoken);

    const sender = newest(model);
    let strokes = [], pen = null, cursor = null, down = false, state = model.get("state");

    function changed() {
      paint();
      sender.say("draw", { strokes: strokes.map((stroke) => stroke.map(([x, y]) => [+x.toFixed(4), +y.toFixed(4)])) });
    }

    function paint() {
      const brush = sharp(canvas, PAD, PAD), colour = colours(canvas);
      brush.lineCap = brush.lineJoin = "round";
      brush.strokeStyle = brush.fillStyle = colour.ink;
      brush.lineWidth = PAD / 12;
      for (const stroke of strokes) {
        brush.beginPath();
        stroke.forEach(([x, y], at) => (at ? brush.lineTo(x * PAD, y * PAD) : brush.moveTo(x * PAD, y * PAD)));
        if (stroke.length === 1) brush.lineTo(stroke[0][0] * PAD + 0.1, stroke[0][1] * PAD);
        brush.stroke();
      }
      if (cursor) {
        brush.lineWidth = 2;
        brush.strokeStyle = colour.warn;
        brush.beginPath();
        brush.arc(cursor[0] * PAD, cursor[1] * PAD, down ? 6 : 10, 0, 7);
        brush.stroke();
      }
    }

    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      canvas.focus({ preventScroll: true });
      canvas.setPointerCapture(event.pointerId);
      [pen, cursor, down] = [event.pointerId, null, false];
      strokes.push([place(event)]);
      changed();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId !== pen) return;
      const all = event.getCoalescedEvents?.() ?? [];
      strokes.at(-1).push(...(all.length ? all : [event]).map(place));
      changed();
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => {
      if (event.pointerId === pen) [pen] = [null, sender.now()];
    });
    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const move = MOVES[event.key], digit = /^[0-9]$/.test(event.key);
      if (!move && !digit && ![" ", "Enter", "Backspace", "Escape"].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      cursor ??= [0.5, 0.5];
      if (digit) tell(model, "label", { label: Number(event.key) });
      else if (event.key === "Enter") (sender.now(), tell(model, "keep"));
      else if (event.key === "Backspace") (strokes.pop(), (down = false), changed());
      else if (event.key === "Escape") ((strokes = []), (down = false), changed());
      else if (event.key === " ") {
        down = !down;
        if (down) (strokes.push([[...cursor]]), changed());
        spoken.textContent = down ? words.down : words.up;
      } else {
        cursor = cursor.map((one, axis) => Math.min(1, Math.max(0, one + move[axis] * STEP)));
        if (down) (strokes.at(-1).push([...cursor]), changed());
        spoken.textContent = sentence(words.at, { column: Math.round(cursor[0] * GRID), row: Math.round(cursor[1] * GRID) });
      }
      paint();
    });
    canvas.addEventListener("blur", () => ((cursor = null), paint()));

    function image(target, bytes, size) {
      const brush = sharp(target, size, size);
      brush.imageSmoothingEnabled = false;
      if (bytes?.byteLength) brush.drawImage(inked(bytes, 0, 28, 28, colours(target).ink), 0, 0, size, size);
    }

    let wiped = 0;
    const show = (now) => {
      state = now;
      if (now.wiped !== wiped) [wiped, strokes, down] = [now.wiped, [], false];
      put(small, "aria-label", words.sees);
      image(small, now.image, 84);
      labels.forEach((one, digit) => put(one, "aria-pressed", String(digit === now.label)));
      reads.parentElement.hidden = !now.asked;
      const best = now.bars ? now.bars.indexOf(Math.max(...now.bars)) : -1;
      bars.forEach(({ row, bar, said, digit }) => {
        const share = now.bars ? now.bars[digit] : 0;
        bar.style.width = `${100 * share}%`;
        row.classList.toggle("fedlab-best", digit === best);
        said.textContent = now.bars ? `${Math.round(100 * share)} %` : "";
      });
      put(reads, "aria-label", now.told);
      asked.textContent = now.asked;
      complaint.textContent = now.complaint;
      complaint.hidden = !now.complaint;
      kept.replaceChildren(...now.kept.map((one, at) => {
        const picture = make("canvas", { "aria-hidden": "true" });
        const item = make("button", { type: "button", role: "listitem", "data-at": at, "aria-label": one.about,
          title: one.about, onclick: () => tell(model, "remove", { at }) }, picture, make("span", {}, one.text));
        requestAnimationFrame(() => image(picture, one.image, 42));
        return item;
      }));
      acts.replaceChildren(...now.acts.map((one) => button(one.act, one.label, () => tell(model, one.act))));
      paint();
    };
    const end = follow(model, show), endTheme = onTheme(() => show(state));
    return () => (end(), endTheme(), sender.end());
  },
};
