// What a browser can check of a photo before it is sent, by the thresholds of /v1/capture-guide.
// The server has the last word: it finds the face, this page only asks for it to be in the oval.

const BURNT = 250; // of 255
const HIGHLIGHTS = 0.99; // quantile of the face: eye whites, teeth, shine
const FOCUS_EYES = 64; // px between the outer eye corners at which focus is judged
const EYES_TO_FACE = 0.64; // outer eye corners against the width of a face
export const OVAL = { width: 0.74, eyes: 0.44 }; // width over height; height of the eyes from the top

/** How one gate judges a value: null, or {name, code, severity, measured, threshold, unit, hint}. */
export function judge(guide, name, value) {
  const gate = guide.gates[name];
  if (!gate || value === undefined) return null;
  for (const severity of ["reject", "warn"]) {
    const threshold = gate[severity]?.[guide.preset];
    if (threshold === undefined || threshold === null) continue;
    if (gate.fails === "above" ? value > threshold : value < threshold) {
      return { name, code: gate.code, severity, measured: value, threshold, unit: gate.unit, hint: gate.hint };
    }
  }
  return null;
}

/** A gate that has no number, such as a format. */
export const refuse = (guide, name) => ({ name, code: name, severity: "reject", unit: "", hint: guide.gates[name].hint });

/** The format by its first bytes, as the guide names it: jpeg, png, webp, heic; null for another. */
export async function formatOf(file) {
  const head = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const ascii = (from, to) => String.fromCharCode(...head.slice(from, to));
  if (head[0] === 0xff && head[1] === 0xd8) return "jpeg";
  if (ascii(1, 4) === "PNG") return "png";
  if (ascii(0, 4) === "RIFF" && ascii(8, 12) === "WEBP") return "webp";
  if (ascii(4, 8) === "ftyp" && /^(hei[cx]|mif1|msf1|hev[cx])$/.test(ascii(8, 12))) return "heic";
  return null;
}

/** What the file itself says: {format, failed}. */
export async function checkFile(file, guide) {
  const format = await formatOf(file);
  const failed = [judge(guide, "file_too_large", file.size)];
  if (!format || !(format in guide.content_types)) failed.push(refuse(guide, "unsupported_format"));
  return { format, failed: failed.filter(Boolean) };
}

/** Size of the picture against the guide. */
export const checkSize = (width, height, guide) =>
  [
    judge(guide, "image_too_large", width * height),
    judge(guide, "image_too_small", Math.min(width, height)),
  ].filter(Boolean);

/**
 * Light, focus and resolution of the face in an oval {x, y, width, height} of `picture` (a canvas,
 * video or image), in its pixels -> values by gate name, measured as the server measures them.
 */
export function measure(picture, oval) {
  const eyes = oval.width * EYES_TO_FACE;
  return { ...light(picture, oval), ...focus(picture, oval, eyes), face_too_small: eyes };
}

/** Everything those values fail. */
export const judgeAll = (guide, values) =>
  Object.entries(values)
    .map(([name, value]) => judge(guide, name, value))
    .filter(Boolean);

const scratch = document.createElement("canvas");

function pixels(picture, { x, y, width, height }, columns, rows) {
  scratch.width = columns;
  scratch.height = rows;
  const context = scratch.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, x, y, width, height, 0, 0, columns, rows);
  return context.getImageData(0, 0, columns, rows).data;
}

const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);

function light(picture, oval) {
  const columns = 96;
  const rows = Math.round((columns * oval.height) / oval.width);
  const data = pixels(picture, oval, columns, rows);
  const peaks = [];
  const chroma = [];
  const cheeks = { left: [], right: [] };
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const u = (2 * (column + 0.5)) / columns - 1;
      const v = (2 * (row + 0.5)) / rows - 1;
      if (u * u + v * v > 0.9) continue;
      const [red, green, blue] = data.subarray(4 * (row * columns + column));
      const peak = Math.max(red, green, blue);
      peaks.push(peak);
      chroma.push(peak - Math.min(red, green, blue));
      if (Math.abs(Math.abs(u) - 0.5) < 0.18 && Math.abs(v - 0.18) < 0.18) {
        const luminance = 0.2126 * linear(red / 255) + 0.7152 * linear(green / 255) + 0.0722 * linear(blue / 255);
        cheeks[u < 0 ? "left" : "right"].push(luminance);
      }
    }
  }
  const side = (values) => Math.max(quantile(values, 0.5), 1e-3);
  return {
    too_dark: -Math.log2(Math.max(linear(quantile(peaks, HIGHLIGHTS) / 255), 1e-4)),
    too_bright: peaks.filter((peak) => peak >= BURNT).length / peaks.length,
    uneven_lighting: Math.abs(Math.log2(side(cheeks.left) / side(cheeks.right))),
    colourless: quantile(chroma, HIGHLIGHTS),
  };
}

/** Variance of the Laplacian over mean Sobel square around the eyes, brought to one size. */
function focus(picture, oval, eyes) {
  const band = {
    x: oval.x + oval.width / 2 - 0.8 * eyes,
    y: oval.y + oval.height * OVAL.eyes - 0.4 * eyes,
    width: 1.6 * eyes,
    height: 0.8 * eyes,
  };
  const columns = Math.round(1.6 * FOCUS_EYES);
  const rows = Math.round(0.8 * FOCUS_EYES);
  const data = pixels(picture, band, columns, rows);
  const grey = Float32Array.from({ length: columns * rows }, (_, at) => 0.299 * data[4 * at] + 0.587 * data[4 * at + 1] + 0.114 * data[4 * at + 2]);
  const fine = [];
  let coarse = 0;
  for (let row = 1; row < rows - 1; row += 1) {
    for (let column = 1; column < columns - 1; column += 1) {
      const at = row * columns + column;
      const [right, left, below, above] = [grey[at + 1], grey[at - 1], grey[at + columns], grey[at - columns]];
      fine.push(right + left + below + above - 4 * grey[at]);
      coarse += ((right - left) ** 2 + (below - above) ** 2) / 4;
    }
  }
  const mean = fine.reduce((sum, value) => sum + value, 0) / fine.length;
  const variance = fine.reduce((sum, value) => sum + (value - mean) ** 2, 0) / fine.length;
  return { blurry: variance / Math.max(coarse / fine.length, 1e-3) };
}

function quantile(values, share) {
  const sorted = Float32Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
