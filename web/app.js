// The shell: which view is shown for which address, and for whom.

import { showAccount } from "./account.js";
import { Problem } from "./api.js";
import { who } from "./auth.js";
import { showBag, showWardrobe } from "./belongings.js";
import { showCapture } from "./capture.js";
import { el, focusHeading, put } from "./dom.js";
import { showHistory } from "./history.js";
import { showResult } from "./result.js";
import { showSignIn } from "./sign-in.js";

const VIEWS = {
  new: ["A new photo", showCapture],
  analysis: ["Your result", showResult],
  history: ["History", showHistory],
  bag: ["Your bag", showBag],
  wardrobe: ["Your wardrobe", showWardrobe],
  you: ["You", showAccount],
  "sign-in": ["Sign in", showSignIn],
};

const main = document.getElementById("main");
const sections = document.getElementById("sections");
let leaving = new AbortController();
let first = true;

async function show() {
  if (location.hash && !location.hash.startsWith("#/")) return; // a place on the page
  const [name = "", ...rest] = location.hash.slice(2).split("/").map(decodeURIComponent);
  const here = who() ? (VIEWS[name] && name !== "sign-in" ? name : "new") : "sign-in";
  const [title, view] = VIEWS[here];
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  document.title = `${title} · Facet`;
  sections.hidden = here === "sign-in";
  for (const link of sections.children) {
    const current = link.dataset.section === (here === "analysis" ? "history" : here);
    if (current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  main.dataset.view = here;
  put(main, el("p", { class: "waiting" }, "One moment…"));
  scrollTo(0, 0);
  try {
    await view(main, { signal, arguments: rest });
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Problem)) console.error(error);
    put(main,
      el("section", { class: "card narrow" },
        el("h1", {}, "This did not work"),
        el("p", {}, error instanceof Problem ? error.message : "Something went wrong on this page."),
        el("div", { class: "row" }, el("button", { class: "primary", onclick: show }, "Try again"))),
    );
  }
  // Whoever moved here with a keyboard or a screen reader starts at the new heading.
  if (!first && main.querySelector("h1") && !main.contains(document.activeElement)) focusHeading(main);
  first = false;
}

addEventListener("hashchange", show);
addEventListener("facet:signed-in", () => {
  if (location.hash === "#/new") show();
  else location.hash = "#/new";
});
addEventListener("facet:signed-out", () => {
  if (location.hash === "#/sign-in") show();
  else location.hash = "#/sign-in";
});
show();
