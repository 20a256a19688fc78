// Make-up looks: the steps, and the look on the person's own face.

import { Problem, all, allowed, call, follow } from "./api.js";
import { alertLine, busy, card, el, field, fresh, put, say } from "./dom.js";
import { feedback } from "./feedback.js";
import { view } from "./skin.js";
import { percent, words } from "./words.js";

const DRAWN_WITHIN_MS = 60_000;

/** {element, update(document)}: pictures of looks may come after the rest. */
export function looksCard({ title, document, result: makeup, cite, about }) {
  const panels = makeup.looks.map((look) => panel({ document, look, cite, about }, () => own.show()));
  const name = fresh("look");
  const choose = (index) => panels.forEach(({ element }, at) => (element.hidden = at !== index));
  choose(0);
  const tabs = el("fieldset", { class: "tabs" }, el("legend", { class: "unseen" }, "Look"),
    makeup.looks.map((look, index) => el("label", {}, el("input", { type: "radio", name, checked: index === 0, onchange: () => choose(index) }), el("span", {}, look.name))));
  const update = (next) => makeup.looks.forEach((look, index) => panels[index].picture(pictureOf(next, look)));
  update(document);
  const own = ownLooks(document);
  return {
    element: card(title, panels.length > 1 && tabs, panels.map(({ element }) => element),
      panels.length === 0 && el("p", { class: "soft" }, "There is nothing to make a look of yet."),
      makeup.notes.map((note) => el("p", { class: "note" }, note.text, cite(note.sources))), own.element),
    update,
  };
}

const pictureOf = (document, look) => (document.looks ?? []).find(({ name }) => name === look.name);

function panel({ document, look, cite, about }, drawn) {
  const before = document.photo?.optimized_url;
  const stage = el("div", { class: "stage-picture" });
  let shown = "";
  const picture = (drawing) => {
    const state = `${drawing?.status} ${drawing?.image_url?.split("?")[0]}`;
    if (state === shown) return;
    shown = state;
    if (drawing?.image_url) put(stage, compare(before, drawing.image_url, look.name, faceFrame(document)));
    else if (drawing?.status === "rendering") put(stage, el("p", { class: "drawing" }, "Drawing this look on your photo…"));
    else if (drawing?.status === "failed") put(stage, el("p", { class: "soft small" }, `${drawing.message ?? "This look could not be drawn."} The steps are below.`));
  };
  const element = el("div", { class: "look" },
    stage,
    el("div", {},
      el("div", { class: "palette", "aria-hidden": "true" }, look.steps.map((step) => el("span", { style: { background: step.hex } }))),
      look.why.map((why) => el("p", { class: "small" }, why.text, cite(why.sources))),
      feedback("Would you wear it?", { ...about, item_ids: look.steps.map((step) => step.item_id).filter(Boolean) }, [["worn", "Worn"], ["accept", "Yes"], ["reject", "No"]]),
      el("details", { open: matchMedia("(min-width: 48rem)").matches }, el("summary", {}, `How it is done, in ${look.steps.length} steps`), el("ol", { class: "steps shades" }, look.steps.map((step) => stepItem(step, cite)))),
      el("details", {}, el("summary", {}, "Try other shades"), shades(document, look, stage, drawn))));
  return { element, picture };
}

function stepItem(step, cite) {
  return el("li", {},
    el("span", { class: "chip", style: { background: step.hex }, "aria-hidden": "true" }),
    el("div", {},
      el("h3", {}, `${words(step.category)}: ${step.name}`, step.item_id && el("span", { class: "tag" }, "yours")),
      el("p", { class: "soft small" }, `${step.hex}, ${step.finish}, ${step.regions.join(", ").replaceAll("_", " ")}; ${step.tool}; intensity ${step.intensity} of 100`),
      el("p", { class: "small" }, step.how),
      step.match && el("p", { class: "small" }, `CIEDE2000 ${step.match.delta_e.toFixed(1)} from your skin, ${percent(step.match.chance)} likely to be near.`),
      step.why.filter((why) => !why.points_at.startsWith("bag") && !step.match).map((why) => el("p", { class: "small soft" }, why.text, cite(why.sources))),
      step.cautions.map((text) => el("p", { class: "caution" }, text))));
}

/** Where the face is, in shares of the photo; null where no region says it. */
function faceFrame({ photo, skin }) {
  const box = view(skin?.concerns ?? [], photo);
  if (!box) return null;
  const [left, top, width, height] = box;
  return { left: left / photo.width, top: top / photo.height, width: width / photo.width, height: height / photo.height, aspect: width / height };
}

/** Two pictures, one over the other; a slider, which keys move too, says how much of each. */
export function compare(before, after, name, frame) {
  const range = el("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": `Before and after: ${name}` });
  const box = el("div", { class: "compare" },
    el("img", { src: after, alt: `${name}, drawn on your photo` }),
    el("div", { class: "before" }, el("img", { src: before, alt: "" })),
    el("span", { class: "side left", "aria-hidden": "true" }, "Before"),
    el("span", { class: "side right", "aria-hidden": "true" }, "After"),
    el("span", { class: "handle", "aria-hidden": "true" }),
    range);
  if (frame) {
    box.style.setProperty("aspect-ratio", String(frame.aspect));
    for (const picture of box.querySelectorAll("img")) {
      picture.style.setProperty("width", `${100 / frame.width}%`);
      picture.style.setProperty("left", `${(-100 * frame.left) / frame.width}%`);
      picture.style.setProperty("top", `${(-100 * frame.top) / frame.height}%`);
    }
  }
  const move = () => {
    box.style.setProperty("--at", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${100 - range.value} % of the look`);
  };
  range.addEventListener("input", move);
  move();
  return box;
}

/** The same look in shades and strengths of one's own, drawn anew. */
function shades(document, look, stage, drawn) {
  const wrong = alertLine();
  const go = el("button", { class: "primary" }, "Draw it");
  const rows = look.steps.map((step) => {
    const colour = el("input", { type: "color", value: step.hex, "aria-label": `Colour of ${step.category}` });
    const strength = el("input", { type: "range", min: 0, max: 100, value: step.intensity, "aria-label": `Intensity of ${step.category}` });
    return { step, colour, strength, element: el("li", {}, colour, el("span", {}, words(step.category)), strength) };
  });
  const form = el("form", {
    class: "shades-form",
    onsubmit: async (event) => {
      event.preventDefault();
      wrong.tell("");
      try {
        await busy(go, "Drawing…", async () => {
          const finishes = await allowed("WantedProduct", "finish");
          const products = rows.filter((row) => Number(row.strength.value) > 0).map(({ step, colour, strength }) => ({
            category: step.category,
            regions: step.regions,
            hex: colour.value,
            intensity: Number(strength.value),
            ...(finishes.includes(step.finish) ? { finish: step.finish } : {}),
          }));
          if (!products.length) throw new Error("Give at least one product some strength.");
          const asked = await call("POST", `/v1/analyses/${document.analysis_id}/looks`, { name: `${look.name}, my shades`.slice(0, 100), products });
          const done = await follow(`/v1/looks/${asked.look_id}`, () => {}, { signal: AbortSignal.timeout(DRAWN_WITHIN_MS) });
          if (!done?.image_url) throw new Problem(0, { detail: done?.message ?? "This look takes too long; it will be among your looks." });
          put(stage, compare(document.photo.optimized_url, done.image_url, "Your shades", faceFrame(document)));
          say("Your look is drawn.");
          drawn();
          stage.scrollIntoView({ block: "center" });
        });
      } catch (error) {
        wrong.tell(error.message);
      }
    },
  }, el("ul", { class: "plain" }, rows.map((row) => row.element)), wrong, go);
  return form;
}

/** The looks that were asked for on this photo: seen again, kept as a favourite, deleted. */
function ownLooks(document) {
  const element = el("div", { hidden: true });
  const show = async () => {
    const mine = (await all("/v1/looks", "looks")).filter((look) => look.analysis_id === document.analysis_id && look.image_url);
    element.hidden = !mine.length;
    put(element, el("h3", {}, "Drawn in your shades"), el("ul", { class: "own-looks" }, mine.map((look) => item(look))));
  };
  const item = (look) => {
    const stage = el("div", { class: "stage-picture" });
    const star = el("button", { type: "button", class: "small", "aria-pressed": String(Boolean(look.favourite)) }, "Favourite");
    star.onclick = () => busy(star, "…", () => call("PUT", `/v1/looks/${look.look_id}`, { name: look.name, favourite: !look.favourite })).then(show);
    const trash = el("button", { type: "button", class: "small quiet", onclick: () => busy(trash, "…", () => call("DELETE", `/v1/looks/${look.look_id}`)).then(show) }, "Delete");
    return el("li", {},
      el("details", { ontoggle: () => stage.childElementCount || put(stage, compare(document.photo.optimized_url, look.image_url, look.name, faceFrame(document))) },
        el("summary", {}, look.name), stage),
      el("div", { class: "feedback" }, star, trash));
  };
  // What cannot be listed is not worth an error beside a result that is there.
  show().catch(() => {});
  return { element, show };
}
