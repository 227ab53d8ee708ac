// What all parts of the page share. It stands before each part's own file: see part.py.
// No sentence is written here or there: words come from Python, where they can be translated.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element: make("button", {class: "x", onclick: f}, "text", child, ...). */
function make(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** An SVG element, in the same way. */
function draw(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Set an attribute only if it differs: what does not change is not laid out anew. */
function put(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** Call `show(state)` now and with each new state, until the part leaves the page. Return the function that ends it. */
function follow(model, show) {
  const changed = () => show(model.get("state"));
  model.on("change:state", changed);
  changed();
  return () => model.off("change:state", changed);
}

/** Call `hear(message)` for each message that Python sends beside the state. Return the function that ends it. */
function listen(model, hear) {
  model.on("msg:custom", hear);
  return () => model.off("msg:custom", hear);
}

/** Tell Python what the learner has done: tell(model, "set", {name, value}). */
function tell(model, act, values = {}) {
  model.send({ do: act, ...values });
}

let asked = 0; // messages that Python says "done" to, over all that is on the page

/**
 * A `tell` for what changes many times a second: while Python works on one, only the newest of the others is kept.
 * now() sends that one at once; busy() says whether any is on its way; rested() is called when none is any more.
 */
function newest(model, rested = () => {}) {
  let next = null, waiting = 0;
  const go = () => {
    if (!next) return;
    const [act, values] = next;
    next = null;
    waiting = ++asked;
    model.send({ do: act, ...values, number: waiting });
  };
  const end = listen(model, (message) => {
    if (message.done !== waiting) return;
    waiting = 0;
    next ? go() : rested();
  });
  const say = (act, values = {}) => {
    next = [act, values];
    if (!waiting) go();
  };
  return { say, end, now: go, busy: () => Boolean(waiting || next) };
}

/** Fill the named gaps of a sentence from Python: sentence("{a} of {b}", {a: 1, b: 2}). */
function sentence(text, values) {
  return text.replace(/\{(\w+)\}/g, (gap, name) => (name in values ? values[name] : gap));
}

/** The whole numbers that Python sent as bytes, four each. */
function whole(bytes) {
  return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** A canvas' pen, for so many pixels of the page: sharp at any zoom, empty, with the page's letters. */
function sharp(canvas, width, height) {
  const scale = devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.font = `11px ${getComputedStyle(canvas).fontFamily}`;
  pen.textBaseline = "middle";
  return pen;
}

/** The page's colours as a canvas needs them: {ink, muted, ...} are the CSS variables --ink, --muted, ... */
function colours(element) {
  const style = getComputedStyle(element);
  return new Proxy({}, { get: (_, name) => style.getPropertyValue(`--${name}`).trim() });
}

/** Whether the learner wants nothing to move. */
function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Call `change()` when the page turns light or dark, or its colours are forced. Return the function that ends it. */
function onTheme(change) {
  const seen = new MutationObserver(change);
  for (const one of [document.body, document.documentElement])
    seen.observe(one, { attributes: true,
      attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "theme", "class"] });
  const queries = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((query) => matchMedia(query));
  for (const query of queries) query.addEventListener("change", change);
  return () => {
    seen.disconnect();
    for (const query of queries) query.removeEventListener("change", change);
  };
}
