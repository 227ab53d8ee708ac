// Who holds what: a column a party, a row a label, and above it how many examples each party holds.

const LEAST_LEFT = 46, RIGHT = 6, TOP = 36, BELOW = 36, ROW = 19, LEAST_TICK = 30;

export default {
  render({ model, el }) {
    const canvas = make("canvas");
    const map = make("div", { class: "fedlab-map", role: "application", tabindex: 0 }, canvas);
    const read = make("output", { class: "fedlab-read", "aria-live": "polite" });
    el.classList.add("fedlab-holdings");
    el.append(map, read);
    let state, counts, totals, left = LEAST_LEFT, place = null, waiting = 0; // place: [party, label] that is pointed at

    const soon = () => (waiting ||= requestAnimationFrame(() => ((waiting = 0), paint())));
    const endFollow = follow(model, (now) => {
      if (now.parties === undefined) return;
      [state, counts] = [now, whole(now.counts)];
      totals = Array.from({ length: now.parties },
        (_, party) => sum(counts, party * now.classes, (party + 1) * now.classes));
      if (place && place[0] >= now.parties) place = null;
      put(map, "aria-label", now.alt);
      tellPlace();
      soon();
    });

    function tellPlace() {
      if (!place) return (read.textContent = state.hint);
      const [party, label] = place, count = counts[party * state.classes + label], all = totals[party];
      read.textContent = sentence(state.read,
        { party: state.names[party] ?? party, label: state.labels[label], called: state.called, count: count.toLocaleString("en"), all: all.toLocaleString("en"),
        share: Math.round((100 * count) / Math.max(1, all)) });
    }

    function paint() {
      const width = el.clientWidth, { parties, classes } = state ?? {};
      if (!state || width < 100) return;
      const height = TOP + ROW * classes + BELOW, pen = sharp(canvas, width, height), colour = colours(el);
      left = Math.max(LEAST_LEFT, 26 + Math.max(...state.labels.map((label) => pen.measureText(label).width)));
      const inside = width - left - RIGHT, columns = Math.min(parties, Math.floor(inside)), wide = inside / columns;
      const most = Math.max(...totals), fits = columns === parties
        && wide > 9 + 6 * Math.max(...counts).toLocaleString("en").length;
      const gap = wide > 5 ? 1 : 0, at = (column) => left + column * wide;
      pen.textAlign = "center";
      for (let column = 0; column < columns; column++) {
        const first = Math.floor((column * parties) / columns),
          after = Math.max(first + 1, Math.floor(((column + 1) * parties) / columns));
        pen.fillStyle = colour.muted;
        const tall = (TOP - 14) * (Math.max(...totals.slice(first, after)) / most);
        pen.fillRect(at(column), TOP - 3 - tall, wide - gap, tall);
        for (let label = 0; label < classes; label++) {
          let share = 0;
          for (let party = first; party < after; party++)
            share += counts[party * classes + label] / Math.max(1, totals[party]) / (after - first);
          const y = TOP + label * ROW, depth = Math.sqrt(share);
          if (share) {
            pen.globalAlpha = 0.06 + 0.94 * depth;
            pen.fillStyle = colour.map;
            pen.fillRect(at(column), y, wide - gap, ROW - 1);
            pen.globalAlpha = 1;
          }
          if (!fits) continue;
          pen.fillStyle = !share ? colour.muted : depth > colour.turn ? colour.paper : colour.ink;
          const count = counts[first * classes + label];
          pen.fillText(count ? count.toLocaleString("en") : "·", at(column) + wide / 2, y + ROW / 2);
        }
      }
      axes(pen, colour, inside, most);
      const frame = (party, y, tall, line) => {
        pen.lineWidth = line;
        pen.strokeStyle = colour.mark;
        const each = inside / parties;
        pen.strokeRect(left + party * each - 1, y, Math.max(3, each + 1 - gap), tall);
      };
      if (state.party < parties) frame(state.party, TOP - 1, classes * ROW + 1, 2);
      if (place) frame(place[0], TOP + place[1] * ROW - 0.5, ROW, 2.5);
    }

    function axes(pen, colour, inside, most) {
      const { parties, classes, words } = state, bottom = TOP + ROW * classes, each = inside / parties;
      const ten = 10 ** Math.floor(Math.log10(LEAST_TICK / each)),
        step = Math.max(1, ...[1, 2, 5, 10].map((n) => n * ten).filter((n) => n * each >= LEAST_TICK).slice(0, 1));
      pen.fillStyle = colour.ink;
      const named = state.names.length && state.names.every((name) => pen.measureText(name).width < each - 4);
      for (let party = 0; party < parties; party += parties <= 20 && each > 14 ? 1 : step)
        pen.fillText(named ? state.names[party] : party.toLocaleString("en"), left + (party + 0.5) * each, bottom + 9);
      const middle = inside > 370; // else the colours' scale stands there
      pen.textAlign = middle ? "center" : "left";
      pen.fillText(words.party, left + (middle ? inside / 2 : 0), bottom + 26);
      pen.textAlign = "right";
      for (let label = 0; label < classes; label++) pen.fillText(state.labels[label], left - 6, TOP + (label + 0.5) * ROW);
      pen.fillStyle = colour.muted;
      pen.fillText(most.toLocaleString("en"), left - 6, 15);
      pen.textAlign = "left";
      pen.fillText(words.examples, left, 5);
      for (let part = 0; part <= 10; part++) { // what the colours mean
        pen.globalAlpha = 0.06 + 0.94 * Math.sqrt(part / 10);
        pen.fillStyle = colour.map;
        pen.fillRect(left + inside - 118 + part * 7, bottom + 22, 7, 8);
      }
      pen.globalAlpha = 1;
      pen.fillStyle = colour.ink;
      pen.textAlign = "right";
      pen.fillText("0 %", left + inside - 122, bottom + 26);
      pen.fillText("100 %", left + inside, bottom + 26);
      pen.save();
      pen.translate(8, TOP + (ROW * classes) / 2);
      pen.rotate(-Math.PI / 2);
      pen.textAlign = "center";
      pen.fillText(words.label, 0, 0);
      pen.restore();
    }

    const look = (next) => {
      if (String(next) === String(place)) return;
      place = next;
      tellPlace();
      soon();
    };
    const under = (event) => {
      const box = canvas.getBoundingClientRect(), { parties, classes } = state;
      const party = Math.floor(((event.clientX - box.left - left) / (box.width - left - RIGHT)) * parties);
      const label = Math.floor((event.clientY - box.top - TOP) / ROW);
      return party >= 0 && party < parties && label < classes ? [party, Math.max(0, label)] : null;
    };
    const open = () => place && tell(model, "select", { party: place[0] });
    map.addEventListener("pointermove", (event) => state && look(under(event)));
    map.addEventListener("pointerleave", () => state && look(null));
    map.addEventListener("click", (event) => state && (look(under(event)), open()));
    map.addEventListener("blur", () => state && look(null));
    map.addEventListener("keydown", (event) => {
      const [party, label] = place ?? [state.party, 0], page = Math.max(1, Math.round(state.parties / 10));
      const to = {
        ArrowLeft: [party - 1, label], ArrowRight: [party + 1, label],
        ArrowUp: [party, label - 1], ArrowDown: [party, label + 1],
        PageUp: [party - page, label], PageDown: [party + page, label],
        Home: [0, label], End: [state.parties - 1, label],
      }[event.key];
      if (to) look([clip(to[0], state.parties - 1), clip(to[1], state.classes - 1)]);
      else if (event.key === "Enter" || event.key === " ") open();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });

    const size = new ResizeObserver(soon), endTheme = onTheme(soon);
    size.observe(el);
    return () => (size.disconnect(), endTheme(), endFollow(), cancelAnimationFrame(waiting));
  },
};

const clip = (value, last) => Math.min(last, Math.max(0, value));
const sum = (numbers, from, to) => numbers.slice(from, to).reduce((a, b) => a + b, 0);
