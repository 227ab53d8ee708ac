// Images and weights as pictures, as the card, one number and what the server sees draw them.

const UNIT = 196; // pixels that a unit's picture is wide

/** A grey image, the one at place `at` of many: what is bright in it is written in the page's ink. */
function inked(bytes, at, tall, wide, ink) {
  const small = make("canvas", { width: wide, height: tall }), pen = small.getContext("2d");
  const pixels = pen.createImageData(wide, tall);
  for (let pixel = 0; pixel < tall * wide; pixel++)
    pixels.data[4 * pixel + 3] = bytes.getUint8(at * tall * wide + pixel);
  pen.putImageData(pixels, 0, 0);
  pen.globalCompositeOperation = "source-in";
  pen.fillStyle = ink;
  pen.fillRect(0, 0, wide, tall);
  return small;
}

/** The change of each pixel's weight to one unit: up and down in two colours, deeper for more. Returns the pen. */
function paintUnit(canvas, { changes, tall, wide }) {
  const each = UNIT / wide, pen = sharp(canvas, UNIT, each * tall), { up, map } = colours(canvas);
  for (let pixel = 0; pixel < tall * wide; pixel++) {
    const change = (changes.getUint8(pixel) - 128) / 127;
    pen.globalAlpha = Math.abs(change);
    pen.fillStyle = change > 0 ? up : map;
    pen.fillRect((pixel % wide) * each, Math.floor(pixel / wide) * each, each, each);
  }
  pen.globalAlpha = 1;
  return pen;
}
