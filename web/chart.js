// One line over time, with the band inside which a change is noise. Plain SVG.

import { el, svg } from "./dom.js";
import { day, measured } from "./words.js";

const FRAME = { height: 260, left: 46, right: 18, top: 18, bottom: 34 };

/**
 * points: [{at: Date, value, href}], oldest first. noise: half the width of the band around the first
 * point, in `unit`. A table of the same numbers stands below for whoever cannot see the drawing.
 */
export function lineChart(title, points, { unit, noise, verdict }) {
  // Drawn about as wide as it is shown, so that its words keep their size.
  const SIZE = { ...FRAME, width: Math.max(300, Math.min(640, innerWidth - 70)) };
  const values = points.map((point) => point.value);
  const centre = values[0];
  const low = Math.min(...values, centre - (noise ?? 0));
  const high = Math.max(...values, centre + (noise ?? 0));
  const margin = (high - low || Math.abs(high) || 1) * 0.12;
  const [bottom, top] = [low - margin, high + margin];
  const [first, last] = [points[0].at.getTime(), points.at(-1).at.getTime()];
  const inner = { width: SIZE.width - SIZE.left - SIZE.right, height: SIZE.height - SIZE.top - SIZE.bottom };
  // Photos of one day would lie on each other: then they stand at even steps.
  const spread = last - first > 36e5 * 24 * points.length;
  const x = (point, index) => SIZE.left + inner.width * (points.length === 1 ? 0.5 : spread ? (point.at - first) / (last - first) : index / (points.length - 1));
  const y = (value) => SIZE.top + (inner.height * (top - value)) / (top - bottom);
  const places = points.map((point, index) => [x(point, index), y(point.value)]);
  const drawing = svg("svg", { viewBox: `0 0 ${SIZE.width} ${SIZE.height}`, class: "chart", role: "group", "aria-label": `${title}: ${verdict}` },
    ticks(bottom, top).map((value) => [
      svg("line", { class: "grid", x1: SIZE.left, x2: SIZE.width - SIZE.right, y1: y(value), y2: y(value) }),
      svg("text", { class: "tick-label", x: SIZE.left - 8, y: y(value), "text-anchor": "end", "dominant-baseline": "middle" }, String(Number(value.toPrecision(3)))),
    ]),
    noise && svg("rect", { class: "noise", x: SIZE.left, width: inner.width, y: y(centre + noise), height: y(centre - noise) - y(centre + noise) }),
    noise && svg("line", { class: "noise-middle", x1: SIZE.left, x2: SIZE.width - SIZE.right, y1: y(centre), y2: y(centre) }),
    svg("polyline", { class: "line", points: places.map((place) => place.join(",")).join(" ") }),
    places.map(([cx, cy], index) =>
      svg("a", { href: points[index].href, "aria-label": `${day(points[index].at)}: ${measured(points[index].value, unit)}` },
        svg("circle", { class: "hit", cx, cy, r: 16 }),
        svg("circle", { class: Math.abs(values[index] - centre) > (noise ?? 0) ? "point" : "point within", cx, cy, r: 5.5 }))),
    [...new Set([0, points.length - 1])].map((index) =>
      svg("text", { class: "tick-label", x: places[index][0], y: SIZE.height - 10, "text-anchor": index ? "end" : points.length > 1 ? "start" : "middle" }, day(points[index].at))));
  return el("figure", { class: "chart-box" }, drawing,
    el("figcaption", { class: "soft small" }, el("span", { class: "key", "aria-hidden": "true" }), `Inside the band a difference to the first photo is noise (${measured(noise, unit)} either side).`),
    el("details", {}, el("summary", {}, "The numbers"),
      el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Photo"), el("th", { scope: "col" }, unit))),
        el("tbody", {}, points.map((point) => el("tr", {}, el("td", {}, el("a", { href: point.href }, day(point.at))), el("td", {}, measured(point.value))))))));
}

/** Three to five round numbers between two values. */
function ticks(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const round = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) round.push(value);
  return round;
}
