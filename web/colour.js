// A colour that need not be told. A colour input has a value from the start, so what it shows
// cannot say whether anybody chose it: this field knows.

import { el, fresh } from "./dom.js";

const START = "#b5776a"; // where the picker opens; sent only if somebody chooses it

/**
 * {element, value(), set(hex)}: value() is "#rrggbb", or null while nobody chose one.
 *
 * stored: the colour that is kept already, or null. clear: the button that takes the choice back,
 * {text, to}: what it says and the value it goes back to.
 */
export function colourField(label, stored, clear = { text: "No colour", to: null }) {
  const id = fresh("colour");
  let hex = stored;
  const input = el("input", { type: "color", id, "aria-describedby": `${id}-told`, oninput: () => set(input.value) });
  const told = el("span", { id: `${id}-told`, class: "soft small" });
  const back = el("button", { type: "button", class: "link small", onclick: () => (set(clear.to), input.focus()) }, clear.text);
  const set = (next) => {
    hex = next;
    input.value = hex ?? START;
    input.classList.toggle("untold", hex === null);
    told.textContent = hex ?? "Not told";
    back.hidden = hex === clear.to;
  };
  const element = el("div", { class: "field colour" },
    el("label", { for: id }, label), input, el("div", { class: "told" }, told, back));
  set(stored);
  return { element, value: () => hex, set };
}
