// Allergies as they are typed: what each word stands for, what it may have meant, and whether it matters.

import { get } from "./api.js";
import { el, field, put } from "./dom.js";

const SETTLED = new Set(["family", "ingredient", "not_cosmetic"]);
const STILL_MS = 350; // after the last key

const entries = (text) => text.split(",").map((entry) => entry.trim()).filter(Boolean);

/** The field of a profile's allergies; told() gives what is to be saved of it. */
export function allergyField(profile) {
  const input = el("input", { name: "allergies", autocomplete: "off", value: (profile.allergies ?? []).join(", ") });
  const answers = el("ul", { class: "understood", "aria-live": "polite" });
  const away = new Set(profile.not_in_cosmetics ?? []); // what the person says is in no cosmetic
  const known = new Map(); // what the API said of a word
  let last = 0;

  const replace = (word, by) => {
    input.value = entries(input.value).map((entry) => (entry === word ? by : entry)).join(", ");
    input.focus();
    draw(); // what stood for the old word goes at once
    return look();
  };
  const settle = (word) => {
    away.add(word);
    input.focus();
    return draw();
  };
  const line = (word) => {
    const answer = known.get(word);
    if (away.has(word) && !SETTLED.has(answer.kind)) return el("li", { class: "soft small" }, el("b", {}, word), ": not in cosmetics, as you told us.");
    const open = !SETTLED.has(answer.kind);
    const choices = (answer.did_you_mean ?? []).map((name) => el("button", { type: "button", class: "link", onclick: () => replace(word, name) }, name));
    return el("li", { class: open ? "small" : "soft small" }, el("b", {}, word), `: ${answer.text} `, choices,
      open && el("button", { type: "button", class: "link", onclick: () => settle(word) }, "Not in cosmetics"));
  };
  const draw = () => put(answers, ...entries(input.value).filter((word) => known.has(word)).map(line));
  const look = async () => {
    const turn = (last += 1);
    const words = entries(input.value).filter((word) => word.length <= 100);
    await Promise.all(words.filter((word) => !known.has(word)).map(async (word) => {
      try {
        known.set(word, await get(`/v1/ingredients/avoid?q=${encodeURIComponent(word)}`));
      } catch {
        // What cannot be asked now is asked again with the next key; advice checks it in any case.
      }
    }));
    if (turn === last) draw();
  };
  input.addEventListener("input", () => {
    const turn = (last += 1);
    setTimeout(() => turn === last && look(), STILL_MS);
  });
  if (input.value) look();
  return {
    element: el("div", {}, field("Allergies", input, "Ingredients or groups, with commas between; in any language."), answers),
    told: () => {
      const allergies = entries(input.value);
      return { allergies, not_in_cosmetics: allergies.filter((word) => away.has(word)) };
    },
  };
}
