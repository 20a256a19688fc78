// Outfits out of the wardrobe, each with its colours and reasons.

import { card, dot, el } from "./dom.js";
import { feedback } from "./feedback.js";
import { percent, words } from "./words.js";

export function outfitsCard({ title, result, cite, about }) {
  const element = card(title,
    el("div", { class: "outfits" }, result.outfits.map((outfit) =>
      el("article", { class: "outfit", "aria-label": words(outfit.occasion) },
        el("div", { class: "palette", "aria-hidden": "true" }, outfit.items.map((item) => el("span", { style: { background: item.hex } }))),
        el("h3", {}, words(outfit.occasion), el("span", { class: "soft small" }, ` ${outfit.harmony}, ${percent(outfit.confidence)} sure`)),
        el("ul", { class: "plain tight" }, outfit.items.map((item) => el("li", {}, dot(item.hex), item.name))),
        el("details", {}, el("summary", {}, "Why"), el("ul", { class: "dots" }, outfit.why.map((why) => el("li", {}, why.text, cite(why.sources))))),
        feedback("Would you wear it?", { ...about, item_ids: outfit.items.map((item) => item.item_id) }, [["worn", "Worn"], ["accept", "Yes"], ["reject", "No"]])))),
    result.outfits.length === 0 && el("p", { class: "soft" }, "Nothing in your wardrobe goes together for this yet."),
    result.suggestions.map((suggestion) => el("p", { class: "note" }, dot(suggestion.hex), ` ${suggestion.text}`)),
    result.notes.map((note) => el("p", { class: "note" }, note.text, cite(note.sources))),
    el("p", { class: "soft small" }, el("a", { href: "#/wardrobe" }, "Edit your wardrobe")));
  return { element };
}
