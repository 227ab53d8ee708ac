// Numbers on a chart: where its axes end, where their ticks stand, and the shapes that are drawn there.

const SHAPES = { // a marker of 4 px around the origin, as a path
  o: "m-2.4 0a2.4 2.4 0 1 0 4.8 0a2.4 2.4 0 1 0-4.8 0z",
  s: "m-2.2-2.2h4.4v4.4h-4.4z",
  D: "m0-3l3 3l-3 3l-3-3z",
  "^": "m0-2.9l2.8 5h-5.6z",
  v: "m0 2.9l-2.8-5h5.6z",
  P: "m-1-2.8h2v1.8h1.8v2h-1.8v1.8h-2v-1.8h-1.8v-2h1.8z",
  X: "m-2.6-2.6l5.2 5.2m0-5.2l-5.2 5.2",
  "*": "m0-3v6m-2.6-4.5l5.2 3m0-3l-5.2 3",
};

/** Round numbers between two ends, about so many: steps of 1, 2 or 5 times a power of ten. whole: no step below 1. */
function ticks(low, high, count, whole = false) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough * 0.75);
  if (whole) step = Math.max(1, step);
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, place) => (first + place) * step);
}

/** The function that takes numbers from low to high to pixels from `begin` to `end`. */
function scale(low, high, begin, end) {
  const slope = (end - begin) / (high - low || 1);
  return (value) => begin + (value - low) * slope;
}

/** The same on a logarithmic axis; what is below its beginning stands there. */
function logScale(low, high, begin, end) {
  const place = scale(Math.log(low), Math.log(high), begin, end);
  return (value) => place(Math.log(Math.max(value, low)));
}

/** Round numbers on a logarithmic axis: 1, 2 and 5 times powers of ten or, if those are too many, the powers alone. */
function logTicks(low, high, count) {
  const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
  const powers = Array.from({ length: last - first + 1 }, (_, place) => 10 ** (first + place));
  const between = (some) => some.filter((tick) => tick >= low && tick <= high);
  const fine = between(powers.flatMap((power) => [1, 2, 5].map((times) => times * power)));
  return fine.length <= 2 * count ? fine : between(powers);
}

/** The ends of a y axis: fitted to the curves, and towards their untrained models by a third of what they differ. */
function ends(columns, untrained) {
  const values = columns.flat().filter(Number.isFinite);
  let low = Math.min(...values), high = Math.max(...values);
  const reach = (high - low) / 3;
  for (const begin of untrained.filter(Number.isFinite)) {
    const near = Math.min(Math.max(begin, low - reach), high + reach);
    [low, high] = [Math.min(low, near), Math.max(high, near)];
  }
  const room = (high - low) * 0.06 || Math.abs(high) * 0.05 || 0.05;
  return [low - room, high + room];
}

/** A line through points in pixels; a gap where one of them is no number. */
function line(xs, ys) {
  let path = "", pen = "M";
  for (let place = 0; place < xs.length; place++) {
    if (!Number.isFinite(ys[place])) { pen = "M"; continue; }
    path += `${pen}${xs[place].toFixed(1)} ${ys[place].toFixed(1)}`;
    pen = "L";
  }
  return path;
}

/** Markers on a curve: at most `most` of them, begun at another point for each curve, so that none hides another. */
function markers(xs, ys, shape, number, most = 12) {
  const every = Math.ceil(xs.length / most);
  let path = "";
  for (let place = every ? number % every : 0; place < xs.length; place += every)
    if (Number.isFinite(ys[place])) path += `M${xs[place].toFixed(1)} ${ys[place].toFixed(1)}${SHAPES[shape]}`;
  return path;
}

/** The place of the value in a rising column that is nearest. */
function nearest(column, value) {
  let low = 0, high = column.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (column[middle] < value) low = middle;
    else high = middle;
  }
  return Math.abs(column[low] - value) <= Math.abs(column[high] - value) ? low : high;
}

/** Of several runs, as far as all of them went: mean, lowest and highest of a column at each round. */
function band(columns) {
  const length = Math.min(...columns.map((column) => column.length));
  const at = (reckon) => Array.from({ length }, (_, place) => reckon(columns.map((column) => column[place])));
  return {
    mean: at((some) => some.reduce((sum, one) => sum + one, 0) / some.length),
    low: at((some) => Math.min(...some)),
    high: at((some) => Math.max(...some)),
  };
}

const percent = new Intl.NumberFormat(undefined,
  { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const share = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 2 });
const loss = new Intl.NumberFormat(undefined, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
const plain = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 });
