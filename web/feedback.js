// A question with buttons; the answer is kept and makes the next advice better.

import { call } from "./api.js";
import { el, say } from "./dom.js";

const YES_NO = [["accept", "Yes"], ["reject", "No"]];

/** about: what the answer is about, as POST /v1/feedback takes it. */
export function feedback(question, about, answers = YES_NO) {
  const row = el("div", { class: "feedback", role: "group", "aria-label": question }, el("span", { class: "soft small" }, question));
  const buttons = answers.map(([verdict, text]) =>
    el("button", { type: "button", class: "small", "aria-pressed": "false", onclick: () => give(verdict) }, text));
  const give = async (verdict) => {
    try {
      await call("POST", "/v1/feedback", { ...about, verdict });
      buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(answers[index][0] === verdict)));
      say("Thank you, noted.");
    } catch (error) {
      row.append(el("span", { class: "alert small", role: "alert" }, error.message));
    }
  };
  row.append(...buttons);
  return row;
}
