// What moves in the federation: one picture of a step, at the share t (0 to 1) of its time.

const smooth = (t) => (t <= 0 ? 0 : t >= 1 ? 1 : t * t * (3 - 2 * t));

/** Draw step 0 to 5 at t on the canvas that lies under the parties' cards. */
function paint(canvas, stage, { state, round, places }, step, t) {
  const wide = stage.clientWidth, tall = parseFloat(stage.style.height);
  if (!wide || !tall) return;
  const pen = sharp(canvas, wide, tall), colour = { ...looks(canvas) }, server = { x: wide / 2, y: tall / 2 };
  const parties = places.map((place, at) =>
    ({ ...place, marks: round.marks[at], steps: round.steps[at], id: round.drawn[at] }));
  const asked = parties.filter(({ marks }) => marks.includes("c"));
  const counted = asked.filter(({ marks }) => !/[ns]/.test(marks));
  const [down, up] = round.thick.map((models) => (models ? Math.min(11, Math.max(1, 4.5 * Math.sqrt(models))) : 0));
  pen.lineCap = "round";
  for (const party of asked) line(pen, party, server, 0, 1, colour.line, 1);
  if (step === 1) {
    if (down) for (const party of asked) {
      const gone = smooth(t / 0.35);
      line(pen, server, party, 0, gone, colour.map, down, 0.35);
      if (t < 0.4) token(pen, colour, between(server, party, gone), "model");
    }
    const most = Math.max(1, ...asked.map(({ steps }) => steps));
    for (const party of asked) work(pen, colour, party,
      Math.min((t - 0.35) / 0.6, party.steps ? party.steps / most : 0.5));
  } else if (step === 2) {
    if (up) for (const party of asked) {
      const comes = !/[ns]/.test(party.marks), gone = Math.min(smooth(t), comes ? 1 : 0.5);
      line(pen, party, server, 0, gone, comes ? colour.mark : colour.muted, comes ? up : 1.5, 0.55);
      const at = between(party, server, Math.min(gone, 0.78));
      if (comes) token(pen, colour, at, party.marks.includes("a") ? "lie" : "update", state.ways);
      else if (gone === 0.5) cross(pen, colour, at);
    }
  } else if (step === 3 && up) {
    for (const party of counted) {
      line(pen, party, server, 0.4 * smooth(t), 1, colour.mark, up, 0.4 * (1 - t));
      if (t < 0.6) token(pen, colour, between(party, server, 0.78 + 0.22 * smooth(t / 0.6)),
        party.marks.includes("a") ? "lie" : "update", state.ways);
    }
  } else if (step === 4 && down) {
    for (const party of parties.filter(({ id }) => round.next.includes(id))) {
      line(pen, server, party, 0, smooth(t), colour.map, down, 0.35);
      token(pen, colour, between(server, party, 0.15 + 0.6 * smooth(t)), "model");
    }
  }
  hub(pen, colour, server, step, t, { state, round, counted, shared: up > 0 });
}

/** The server: its model, around it how much each party counts, below it how good the model is. */
function hub(pen, colour, { x, y }, step, t, { state, round, counted, shared }) {
  const radius = 30, full = shared && step >= 3 ? (step === 3 ? smooth((t - 0.3) / 0.5) : 1) : 0;
  disc(pen, x, y, radius + 9, colour.paper);
  pen.lineWidth = 7;
  pen.lineCap = "butt";
  arc(pen, x, y, radius + 4, 0, 1, colour.shade);
  const weights = counted.map(({ id }) =>
    (state.weighs ? sum(state.counts, id * state.classes, (id + 1) * state.classes) : 1));
  const all = weights.reduce((a, b) => a + b, 0), gap = counted.length > 1 ? 0.006 : 0;
  let from = 0;
  if (full) weights.forEach((weight, place) => {
    const share = (full * weight) / all;
    arc(pen, x, y, radius + 4, from + gap, Math.max(from + gap, from + share - gap), colour.mark, place % 2 ? 0.6 : 1);
    from += share;
  });
  if (step === 5) {
    const turn = smooth(t);
    pen.lineWidth = 2.5;
    arc(pen, x, y, radius + 13, 0.02, 0.02 + 0.9 * turn, colour.map);
    head(pen, x, y, radius + 13, 0.02 + 0.9 * turn, colour.map);
  }
  const grows = step === 0 ? smooth(t * 1.5) : step === 3 ? 1 + 0.18 * Math.sin(Math.PI * smooth((t - 0.6) / 0.4)) : 1,
    side = 26 * grows;
  grid(pen, colour, x, y - 7, side);
  pen.textAlign = "center";
  pen.fillStyle = colour.ink;
  pen.fillText(state.words.server, x, y + 15);
  const known = round.values && (step > 3 || (step === 3 && t > 0.8)) ? round.values.accuracy : "";
  if (known) {
    pen.font = pen.font.replace("11px", "600 13px");
    const wide = pen.measureText(known).width + 12;
    pen.fillStyle = colour.paper;
    pen.fillRect(x - wide / 2, y + radius + 15, wide, 18);
    pen.fillStyle = colour.ink;
    pen.fillText(known, x, y + radius + 24);
  }
}

/** The model: weights in a square, some darker and some paler. */
function grid(pen, colour, x, y, side) {
  const cells = 4, each = side / cells;
  pen.fillStyle = colour.map;
  for (let cell = 0; cell < cells * cells; cell++) {
    pen.globalAlpha = 0.35 + 0.65 * ((cell * 7) % 11) / 10;
    pen.fillRect(x - side / 2 + (cell % cells) * each, y - side / 2 + Math.floor(cell / cells) * each, each - 0.8,
      each - 0.8);
  }
  pen.globalAlpha = 1;
}

/** What is under way: the model (a square), an update (a diamond), a lie (a triangle). */
function token(pen, colour, { x, y }, kind, ways = []) {
  disc(pen, x, y, 10, colour.paper, 0.75);
  if (kind === "model") return grid(pen, colour, x, y, 14);
  const size = ways.includes("coded") ? 4.5 : 7.5, lie = kind === "lie";
  pen.fillStyle = lie ? colour.error : colour.mark;
  shape(pen, lie ? [[0, -size], [size, size * 0.8], [-size, size * 0.8]]
    : [[0, -size], [size, 0], [0, size], [-size, 0]], x, y);
  pen.fill();
  pen.strokeStyle = pen.fillStyle = colour.ink;
  pen.lineWidth = 1.4;
  if (ways.includes("coded")) for (const side of [-8, 8]) segment(pen, x + side, y - 6, x + side, y + 6);
  if (ways.includes("noisy"))
    for (let dot = 0; dot < 7; dot++)
      disc(pen, x + 11 * Math.cos(dot * 2.4), y + 11 * Math.sin(dot * 2.4), 1.1, colour.ink);
  if (ways.includes("masked")) {
    pen.fillStyle = pen.strokeStyle = colour.paper;
    pen.fillRect(x - 4, y - 1, 8, 6);
    pen.beginPath();
    pen.arc(x, y - 1, 2.8, Math.PI, 0);
    pen.stroke();
  }
}

/** How far a party's local steps have come: a line that runs around its card. */
function work(pen, colour, { x, y, w, h }, share) {
  if (share <= 0) return;
  const long = 2 * (w + h) + 16;
  pen.strokeStyle = colour.map;
  pen.lineWidth = 4;
  pen.setLineDash([long * Math.min(1, share), long]);
  pen.beginPath();
  pen.roundRect(x - w / 2 - 3, y - h / 2 - 3, w + 6, h + 6, 7);
  pen.stroke();
  pen.setLineDash([]);
}

const between = (a, b, share) => ({ x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share });

function line(pen, a, b, from, to, colour, wide, alpha = 1) {
  const [start, end] = [between(a, b, from), between(a, b, to)];
  pen.globalAlpha = alpha;
  pen.strokeStyle = colour;
  pen.lineWidth = wide;
  segment(pen, start.x, start.y, end.x, end.y);
  pen.globalAlpha = 1;
}

function segment(pen, x1, y1, x2, y2) {
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
}

function cross(pen, colour, { x, y }) {
  disc(pen, x, y, 8, colour.paper);
  pen.strokeStyle = colour.ink;
  pen.lineWidth = 2;
  segment(pen, x - 4, y - 4, x + 4, y + 4);
  segment(pen, x + 4, y - 4, x - 4, y + 4);
}

function disc(pen, x, y, radius, colour, alpha = 1) {
  pen.globalAlpha = alpha;
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
  pen.globalAlpha = 1;
}

/** A part of a circle, from one share of it to another, from the top on. */
function arc(pen, x, y, radius, from, to, colour, alpha = 1) {
  pen.globalAlpha = alpha;
  pen.strokeStyle = colour;
  pen.beginPath();
  pen.arc(x, y, radius, (from - 0.25) * 2 * Math.PI, (to - 0.25) * 2 * Math.PI);
  pen.stroke();
  pen.globalAlpha = 1;
}

function head(pen, x, y, radius, at, colour) {
  const turn = (at - 0.25) * 2 * Math.PI, [px, py] = [x + radius * Math.cos(turn), y + radius * Math.sin(turn)];
  pen.save();
  pen.translate(px, py);
  pen.rotate(turn);
  pen.fillStyle = colour;
  shape(pen, [[-6, -1], [6, -1], [0, 8]], 0, 0);
  pen.fill();
  pen.restore();
}

function shape(pen, points, x, y) {
  pen.beginPath();
  for (const [dx, dy] of points) pen.lineTo(x + dx, y + dy);
  pen.closePath();
}

/** The page's colours, asked for once a picture. */
function looks(element) {
  const all = colours(element);
  const names = ["ink", "muted", "line", "paper", "shade", "map", "mark", "error"];
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}
