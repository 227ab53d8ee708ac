// One party's card: what it holds, in a sentence, and its first images, or the first of its features.

const COLUMNS = 3, GAP = 2, BELOW = 12;

export default {
  render({ model, el }) {
    const number = make("input", { type: "number", min: 0,
      onchange: () => tell(model, "select", { party: Number(number.value) }) });
    const name = make("span"), about = make("p"), canvas = make("canvas", { role: "img" });
    el.classList.add("fedlab-card");
    const acts = make("div", { class: "fedlab-acts" });
    el.append(make("label", {}, name, number), canvas, about, acts);
    el.style.visibility = "hidden"; // until it has words: a box without a name is none to a screen reader
    let state;

    function paint() {
      const { images, tall, wide, labels } = state, shown = tall > 0 && labels.length > 0;
      canvas.hidden = !shown;
      if (!shown) return;
      const each = Math.min(48, (el.clientWidth || 150) / COLUMNS - GAP), high = (each * tall) / wide,
        rows = Math.ceil(labels.length / COLUMNS);
      const pen = sharp(canvas, COLUMNS * (each + GAP), rows * (high + BELOW)), { ink } = colours(el);
      pen.imageSmoothingEnabled = false;
      pen.textAlign = "center";
      labels.forEach((label, place) => {
        const x = (place % COLUMNS) * (each + GAP), y = Math.floor(place / COLUMNS) * (high + BELOW);
        pen.drawImage(inked(images, place, tall, wide, ink), x, y, each, high);
        pen.fillStyle = ink;
        pen.fillText(label, x + each / 2, y + high + BELOW / 2);
      });
    }

    const endFollow = follow(model, (now) => {
      if (now.about === undefined) return;
      state = now;
      el.style.visibility = "";
      name.textContent = now.party_word;
      put(number, "max", now.last);
      if (document.activeElement !== number || Number(number.value) > now.last) number.value = now.party;
      about.textContent = now.about;
      put(canvas, "aria-label", now.alt);
      const there = [...acts.children].find((one) => one === document.activeElement)?.dataset.name;
      acts.replaceChildren(...now.acts.map((one) => make("button", { type: "button", title: one.about,
        "data-name": one.name, onclick: () => tell(model, "act", { name: one.name }) }, one.text)));
      acts.querySelector(`[data-name="${there}"]`)?.focus();
      paint();
    });
    const size = new ResizeObserver(() => state && paint()), endTheme = onTheme(() => state && paint());
    size.observe(el);
    return () => (size.disconnect(), endTheme(), endFollow());
  },
};
