// The concerns: each with its measure, and where on the face it was taken.

import { get } from "./api.js";
import { dot, el, fresh, put, svg } from "./dom.js";
import { measured, percent, words } from "./words.js";

const LEGEND = 0.19; // of the photo's shorter side, above or below the face, where there is more room

export function concernsCard(document, local) {
  const { photo, analysis_id: id } = document;
  const concerns = document.skin.concerns;
  const seen = concerns.filter((concern) => concern.score !== null && concern.score !== undefined).sort((a, b) => a.score - b.score);
  const unseen = concerns.filter((concern) => !seen.includes(concern));
  const url = photo?.optimized_url ?? local;
  const figure = url && view(seen, photo) ? faceFigure(document, seen, url, id) : null;
  const outlined = seen.filter((concern) => concern.regions?.some((region) => region.polygon?.length));
  const first = outlined.find(({ name }) => document.telling?.leads?.includes(name)) ?? outlined[0] ?? seen[0];
  const group = fresh("concern");
  const helps = whatHelps();
  const choose = (concern) => (figure?.show(concern), helps.show(concern));
  const list = el("fieldset", { class: "concerns" },
    el("legend", { class: "unseen" }, "Choose a measure to see where it was taken"),
    seen.map((concern) =>
      el("label", { class: "concern" },
        el("input", { type: "radio", name: group, value: concern.name, checked: concern === first, onchange: () => choose(concern) }),
        el("span", { class: "concern-name" }, words(concern.name), el("span", { class: `band ${concern.band}` }, concern.band === "none" ? "not marked" : concern.band)),
        el("span", { class: "concern-score" }, Math.round(concern.score), el("span", { class: "soft small" }, " of 100")),
        el("span", { class: "track", "aria-hidden": "true" }, el("i", { style: { width: `${concern.score}%` } })),
        el("span", { class: "concern-more" }, `${measured(concern.measured, concern.unit)}; ${noiseOf(concern)}; ${percent(concern.confidence)} sure`))));
  if (first) choose(first);
  return el("section", { class: "card", "aria-label": "Skin" },
    el("h2", {}, "Skin"),
    seen.length > 0 && el("div", { class: figure ? "skin" : null }, figure?.element, list),
    first && helps.element,
    el("p", { class: "soft small" }, "100 is best. Scores compare photos of one person, not people: no dermatologist has graded them."),
    unseen.length > 0 && el("details", {}, el("summary", {}, `Not measured on this photo (${unseen.length})`),
      el("ul", { class: "dots" }, unseen.map((concern) => el("li", {}, el("b", {}, words(concern.name)), `: ${concern.reason}`)))));
}

/** What a change has to be larger than: two photos differ by more than edits of one do. */
function noiseOf({ minimum_change: edits, between_photos: photos }) {
  if (photos === null || photos === undefined) return `below ${measured(edits)} apart is noise, and another light may move it further`;
  return `below ${measured(Math.max(edits, photos))} apart is noise: so far do photos of one person differ`;
}

/** [left, top, width, height] of a square round every region, in pixels of the photo; null for none. */
export function view(concerns, { width, height }) {
  const points = concerns.flatMap((concern) => (concern.regions ?? []).flatMap((region) => region.polygon ?? []));
  if (!points.length) return null;
  const span = (axis) => [Math.min(...points.map((point) => point[axis])), Math.max(...points.map((point) => point[axis]))];
  const [[x0, x1], [y0, y1]] = [span(0), span(1)];
  const half = 0.78 * Math.max(x1 - x0, y1 - y0);
  const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
  const [left, top] = [Math.max(x - half, 0), Math.max(y - half, 0)];
  return [left, top, Math.min(x + half, width) - left, Math.min(y + half, height) - top];
}

/** The same view without the strip that a map's own legend is drawn in; it stands below in words. */
function withoutLegend([left, top, width, height], photo) {
  const strip = LEGEND * Math.min(photo.width, photo.height);
  if (photo.height - (top + height) >= top) return [left, top, width, Math.min(top + height, photo.height - strip) - top];
  const lower = Math.max(top, strip);
  return [left, lower, width, top + height - lower];
}

/** The face with the outlines of one concern, and its map on demand. */
function faceFigure(document, concerns, url, id) {
  const { photo } = document;
  const box = view(concerns, photo);
  const outlines = svg("g", { class: "outlines" });
  const overlay = svg("image", { width: photo.width, height: photo.height, preserveAspectRatio: "none", class: "overlay" });
  const picture = svg("svg", { viewBox: box.join(" "), role: "img" },
    svg("image", { href: url, width: photo.width, height: photo.height, preserveAspectRatio: "none" }), overlay, outlines);
  const caption = el("figcaption", {});
  const toggle = el("input", { type: "checkbox", onchange: () => draw() });
  const legend = el("ul", { class: "legend", "aria-live": "polite" });
  const maps = new Map();
  let current = null;

  const draw = async () => {
    const concern = current;
    overlay.removeAttribute("href");
    put(legend);
    outlines.classList.toggle("away", toggle.checked);
    picture.setAttribute("viewBox", (toggle.checked ? withoutLegend(box, photo) : box).join(" "));
    if (!toggle.checked) return;
    put(legend, el("li", { class: "soft" }, "Drawing the map…"));
    try {
      if (!maps.has(concern.name)) maps.set(concern.name, get(`/v1/analyses/${id}/overlays/${concern.name}`));
      const map = await maps.get(concern.name);
      if (current !== concern || !toggle.checked) return;
      overlay.setAttribute("href", map.url);
      put(legend, map.legend.map(({ hex, meaning }) => el("li", {}, dot(hex), meaning)));
    } catch (error) {
      maps.delete(concern.name);
      if (current === concern && toggle.checked) put(legend, el("li", { class: "bad" }, error.message));
    }
  };
  const show = (concern) => {
    current = concern;
    const regions = (concern.regions ?? []).filter((region) => region.polygon?.length);
    picture.setAttribute("aria-label", `${words(concern.name)} by region: ${(concern.regions ?? []).map((region) => `${words(region.name)} ${measured(region.measured, concern.unit)}`).join(", ") || "no region"}`);
    put(outlines, ...regions.map((region) => svg("polygon", { points: region.polygon.map((point) => point.join(",")).join(" ") })),
      ...regions.filter((region) => region.measured !== null && region.measured !== undefined).map((region) => {
        const centre = [0, 1].map((axis) => region.polygon.reduce((sum, point) => sum + point[axis], 0) / region.polygon.length);
        return svg("text", { x: centre[0], y: centre[1], "font-size": box[2] * 0.04, "stroke-width": box[2] * 0.009 }, measured(region.measured));
      }));
    put(caption, el("b", {}, words(concern.name)), `, ${concern.unit}`, el("span", { class: "soft" }, regions.length ? "" : ": measured on the whole face"));
    draw();
  };
  return {
    element: el("figure", {}, picture, el("div", { class: "under" }, caption,
      el("label", { class: "switch" }, toggle, el("span", {}, "Map"))), legend),
    show,
  };
}

/** Products that help the chosen concern, looked up when they are asked for. */
function whatHelps() {
  const title = el("summary", {});
  const list = el("ul", { class: "plain", "aria-live": "polite" });
  const element = el("details", { ontoggle: () => element.open && load() }, title, list);
  let concern = null;
  const load = async () => {
    const wanted = concern;
    put(list, el("li", { class: "soft" }, "Looking it up…"));
    try {
      const { products } = await get(`/v1/products/recommendations?condition=${wanted}&limit=3`);
      if (wanted !== concern) return;
      put(list, products.map(({ product, why }) =>
        el("li", {}, el("b", {}, [product.brand, product.name].filter(Boolean).join(" ")), product.price_band && el("span", { class: "soft small" }, ` ${product.price_band} price`),
          why.map((reason) => el("p", { class: "small" }, reason.text)))),
        products.length === 0 && el("li", { class: "soft" }, "Nothing in the catalogue is shown to help, or your profile rules it out."));
    } catch (error) {
      if (wanted === concern) put(list, el("li", { class: "bad" }, error.message));
    }
  };
  const show = ({ name }) => {
    concern = name;
    title.textContent = `What helps with ${words(name).toLowerCase()}`;
    if (element.open) load();
  };
  return { element, show };
}
