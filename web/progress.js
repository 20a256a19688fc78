// The stages of an analysis as they happen.

import { el, say } from "./dom.js";
import { KINDS } from "./kinds.js";
import { listed } from "./words.js";

const ORDER = ["awaiting_upload", "analyzing", "recommending", "completed"];
const STAGES = [
  ["awaiting_upload", "Sending your photo", "Your photo has arrived"],
  ["analyzing", "Checking it and measuring your face", "Your face is measured"],
  ["recommending", "Making", "Your advice is ready"],
];

/**
 * {element, sending(share), show(document)}: a list that fills as the analysis moves on.
 *
 * wants: the kinds that were wished for, where the page knows them.
 */
export function stages(wants) {
  const made = KINDS.filter(({ kind }) => wants?.includes(kind)).map((row) => row.made);
  const making = `Making your ${made.length ? listed(made) : "advice"}`;
  const bar = el("progress", { max: 1, value: 0, "aria-label": "Sent" });
  const items = STAGES.map(([name]) => el("li", { class: "stage", "data-stage": name }, el("span", { class: "stage-text" })));
  items[0].append(bar);
  let state = null;

  const show = (document) => {
    const at = ORDER.indexOf(document.status);
    items.forEach((item, index) => {
      const [, during, after] = STAGES[index];
      const done = at > index;
      item.className = `stage ${done ? "done" : at === index ? "now" : ""}`;
      if (at === index) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
      item.firstChild.textContent = done ? after : index === 2 ? making : during;
    });
    bar.hidden = at !== 0;
    if (document.status !== state && at >= 0) {
      state = document.status;
      if (at < 3) say(items[at].firstChild.textContent);
    }
  };
  show({ status: "awaiting_upload" });
  return {
    element: el("ol", { class: "stages" }, items),
    sending: (share) => (bar.value = share),
    show,
  };
}

/** The page while an analysis runs. */
export function progressView(picture, list, cancel) {
  return el("div", { class: "progress" },
    picture && el("figure", { class: "scan" }, el("img", { src: picture, alt: "Your photo" })),
    el("div", {},
      el("h1", {}, "Looking closely"),
      el("p", { class: "soft" }, "This takes a few seconds. Leave the page if you like: the result waits in your history."),
      list.element,
      el("button", { class: "quiet", onclick: cancel }, "Stop and delete the photo")));
}

/** Every photo gate that fired: what was measured, the limit, what helps. */
export function checkList(checks, measured) {
  return el("ul", { class: "checks" }, checks.map((check) =>
    el("li", { class: check.severity },
      el("p", {}, el("b", {}, check.hint)),
      el("p", { class: "soft small" },
        `${check.severity === "reject" ? "Must change" : "Could be better"}: ${check.code.replaceAll("_", " ")}`,
        measured(check.measured, check.unit) && `, ${measured(check.measured, check.unit)}`,
        check.threshold !== null && check.threshold !== undefined && ` (limit ${measured(check.threshold, check.unit)})`))));
}

const OUTCOMES = {
  measured: "measured",
  rejected: "left out",
  missing: "did not come in time",
  not_measured: "not measured: it shows a side",
};

/** What became of each of several photos; null where there was one. */
export const photoList = (photos, measured) =>
  photos?.length > 1
    ? el("ul", { class: "plain" }, photos.map(({ index, status, kept, checks }) =>
        el("li", {},
          el("p", {}, el("b", {}, `Photo ${index + 1}: `), `${OUTCOMES[status] ?? status}${kept ? "; the pictures are of this one" : ""}.`),
          checks?.length > 0 && checkList(checks, measured))))
    : null;
