// A skincare routine: morning and evening, what to know, what would fill a gap.

import { bullets, card, el } from "./dom.js";
import { feedback } from "./feedback.js";
import { words } from "./words.js";

export function routineCard({ title, result: routine, cite, about }) {
  const named = new Set([...routine.am, ...routine.pm].map((step) => step.product.name));
  const gaps = routine.suggestions.filter(({ product }) => !named.has(product.name));
  const session = (name, steps) =>
    el("div", {}, el("h3", { class: "session" }, name), el("ol", { class: "steps" }, steps.map((step) =>
      el("li", {},
        el("div", {},
          el("h4", {}, step.product.name, step.owned && el("span", { class: "tag" }, "yours"), step.new && el("span", { class: "tag new" }, "new")),
          el("p", { class: "soft small" }, `${words(step.step)}, ${step.how_often}`, cite(step.sources)),
          step.ramp?.length > 0 && el("p", { class: "small" }, step.ramp.map((stage) => `From week ${stage.from_week}: ${stage.days_per_week} days a week.`).join(" ")),
          step.why.filter((why) => why.text !== "You own it.").map((why) => el("p", { class: "small" }, why.text, cite(why.sources))),
          step.cautions.map((text) => el("p", { class: "caution" }, text)))))));
  const week = routine.calendar?.sessions.filter((part) => part.kind !== "base").map((part) => part.text) ?? [];
  const begin = routine.calendar?.advice ?? [];
  const element = card(title,
    routine.see_doctor.map((note) => el("p", { class: "doctor" }, note.text, cite(note.sources))),
    el("div", { class: "halves" }, session("Morning", routine.am), session("Evening", routine.pm)),
    week.length + begin.length > 0 && el("details", {}, el("summary", {}, "The first week"), bullets(week),
      begin.map((note) => el("p", { class: "small" }, note.text, cite(note.sources)))),
    routine.notes.map((note) => el("p", { class: "note" }, note.text, cite(note.sources))),
    gaps.length > 0 && el("div", {}, el("h3", {}, "Would fill a gap"), el("ul", { class: "plain" }, gaps.map(({ product, price_band: price, why: reasons }) =>
      el("li", {}, el("b", {}, product.name), price && el("span", { class: "soft small" }, ` ${price} price`), reasons.map((why) => el("p", { class: "small" }, why.text, cite(why.sources))))))),
    el("details", {}, el("summary", {}, "What it is based on"), bullets(routine.based_on)),
    feedback("Will you try this?", about));
  return { element };
}
