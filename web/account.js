// What a person told, what they used, and their two rights: take everything, erase everything.

import { allergyField } from "./allergies.js";
import { allowed, call, follow, get } from "./api.js";
import { forget, signOut, who } from "./auth.js";
import { alertLine, busy, choice, confirmed, el, field, pills, put, say, ticked } from "./dom.js";
import { MONK, measured, moment, words } from "./words.js";

const EXPORT_PATIENCE_MS = 120_000;
const GUARDIAN = {
  version: "2026-11",
  text: "I am a parent or guardian, and agree that photos are measured and advice is given.",
};
const AGES = [["", "Not told"], ["under_13", "Under 13"], ["13_17", "13 to 17"], ["adult", "18 or older"]];

export async function showAccount(main, { signal }) {
  const [profile, usage, types, goals, bands] = await Promise.all([
    get("/v1/profile"), get("/v1/me/usage"), allowed("Profile", "skin_type"), allowed("NewAnalysis", "goals"), allowed("Profile", "budget"),
  ]);
  if (signal.aborted) return;
  put(main,
    el("h1", { class: "page-title" }, "You"),
    el("div", { class: "you" },
      profileCard(profile, { types, goals, bands }),
      el("div", {}, usageCard(usage), dataCard(signal))),
  );
}

function profileCard(profile, { types, goals, bands }) {
  const wrong = alertLine();
  const save = el("button", { class: "primary" }, "Save");
  const ages = choice("age_band", AGES, profile.age_band);
  const isMinor = () => ["under_13", "13_17"].includes(ages.value);
  const guardian = el("label", { class: "tick", hidden: !isMinor() }, el("input", { type: "checkbox", name: "guardian", checked: Boolean(profile.guardian_consent) }), el("span", {}, GUARDIAN.text));
  ages.onchange = () => { guardian.hidden = !isMinor(); };
  const allergies = allergyField(profile);
  const terms = (name, label, hint) => field(label, el("input", { name, value: (profile[name] ?? []).join(", ") }), hint);
  const foundation = foundationField(profile.fitting_foundation);
  const form = el("form", {
    onsubmit: async (event) => {
      event.preventDefault();
      wrong.tell("");
      if (foundation.lacksColour()) return wrong.tell("Choose the colour of the foundation first, or take the tick away.");
      const values = new FormData(form);
      const list = (name) => String(values.get(name)).split(",").map((entry) => entry.trim()).filter(Boolean);
      const body = { sensitive: values.has("sensitive"), goals: ticked(form, "goals"), ...allergies.told(), avoided_ingredients: list("avoided_ingredients") };
      for (const name of ["skin_type", "pregnancy", "budget", "age_band"]) if (values.get(name)) body[name] = values.get(name);
      if (values.get("pigmentation_prone")) body.pigmentation_prone = values.get("pigmentation_prone") === "yes";
      if (values.get("monk_tone")) body.monk_tone = Number(values.get("monk_tone"));
      Object.assign(body, foundation.told());
      if (isMinor() && values.has("guardian")) body.guardian_consent = profile.guardian_consent ?? { version: GUARDIAN.version, date: today() };
      try {
        profile = await busy(save, "Saving…", () => call("PUT", "/v1/profile", body));
        say("Saved.");
        save.after(el("span", { class: "good small saved" }, "Saved"));
        setTimeout(() => form.querySelector(".saved")?.remove(), 3000);
      } catch (error) {
        wrong.tell(error.message);
      }
    },
  },
  el("p", { class: "soft" }, "Nothing here is guessed from a photo. What you tell is used for your advice and for nothing else."),
  field("Age", ages, "Under 18, a parent or guardian has to agree below."),
  guardian,
  field("Skin type", choice("skin_type", [["", "Not told"], ...types.map((type) => [type, words(type)])], profile.skin_type)),
  el("label", { class: "tick" }, el("input", { type: "checkbox", name: "sensitive", checked: profile.sensitive }), el("span", {}, "Stings or burns easily")),
  pills("To work on", "goals", goals.map((goal) => [goal, words(goal)]), profile.goals ?? []),
  allergies.element,
  terms("avoided_ingredients", "Rather without", "fragrance, lanolin…"),
  el("div", { class: "pair" },
    field("Pregnancy", choice("pregnancy", [["", "Not told"], ["pregnant", "Pregnant"], ["planning", "Planning"], ["breastfeeding", "Breastfeeding"]], profile.pregnancy)),
    field("Dark marks come easily", choice("pigmentation_prone", [["", "Not told"], ["yes", "Yes"], ["no", "No"]], profile.pigmentation_prone === true ? "yes" : profile.pigmentation_prone === false ? "no" : ""))),
  monkField(profile.monk_tone),
  foundation.element,
  field("Price at most", choice("budget", [["", "Any"], ...bands.map((band) => [band, words(band)])], profile.budget)),
  wrong, el("div", { class: "row" }, save));
  return el("section", { class: "card", "aria-label": "About you" }, el("h2", {}, "About you"), form);
}

/** The ten Monk tones to choose the own one from, or none. */
function monkField(told) {
  const tone = (value, name, hex) => el("label", { class: hex ? "swatch-choice" : "swatch-choice none" },
    el("input", { type: "radio", name: "monk_tone", value, checked: String(told ?? "") === value, "aria-label": name }),
    el("span", { class: "chip", style: { background: hex ?? "transparent" }, "aria-hidden": "true" }), hex ? value : "Not told");
  return el("fieldset", { class: "monk-choice" }, el("legend", {}, "Monk tone that is yours"),
    el("p", { class: "soft small" }, "Hold your cheek beside the screen. It makes your tone surer than photos alone."),
    el("div", { class: "swatches" }, tone("", "Not told"), MONK.map((hex, index) => tone(String(index + 1), `Monk tone ${index + 1}`, hex))));
}

/** A foundation that fits, by a colour its owner chose: the one a colour field starts at is nobody's. */
function foundationField(told) {
  let hex = told?.hex;
  const fits = el("input", { type: "checkbox", name: "foundation_fits", checked: Boolean(told) });
  const shade = el("input", { type: "color", name: "foundation_hex", value: hex ?? "#808080", oninput: (event) => { hex = event.currentTarget.value; } });
  const name = el("input", { name: "foundation_shade", maxlength: 100, value: told?.shade ?? "" });
  const more = el("div", { class: "pair", hidden: !told }, field("Its colour", shade, "As the shop shows the shade."), field("Brand and shade", name));
  fits.onchange = () => { more.hidden = !fits.checked; };
  return {
    element: el("div", {}, el("label", { class: "tick" }, fits, el("span", {}, "I have a foundation whose shade fits my skin")), more),
    lacksColour: () => fits.checked && !hex,
    told: () => (fits.checked ? { fitting_foundation: { ...told, shade: name.value.trim() || undefined, hex } } : {}),
  };
}

/** The day it is here, as the API takes it. */
function today() {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

function usageCard(usage) {
  const limited = usage.limit !== undefined && usage.limit !== null;
  return el("section", { class: "card", "aria-label": "Account" }, el("h2", {}, "Account"),
    el("p", {}, el("b", {}, who()?.email ?? "")),
    limited
      ? [el("p", {}, `${usage.used} of ${usage.limit} analyses used today`), el("meter", { min: 0, max: usage.limit, value: usage.used, "aria-label": "Analyses used today" }),
        el("p", { class: "soft small" }, `Starts anew ${moment(usage.reset_at)}.`)]
      : el("p", {}, "No daily limit."),
    el("p", { class: "soft small" }, `Tier: ${usage.tier}`),
    el("div", { class: "row" }, el("button", { onclick: (event) => busy(event.currentTarget, "Signing out…", async () => {
      await signOut();
      dispatchEvent(new Event("facet:signed-out"));
    }) }, "Sign out")));
}

function dataCard(signal) {
  const wrong = alertLine();
  const place = el("div", { "aria-live": "polite" });
  const take = el("button", {}, "Export everything");
  take.onclick = () => {
    wrong.tell("");
    return busy(take, "Packing…", async () => {
      const asked = await call("POST", "/v1/me/export");
      const patience = AbortSignal.any([signal, AbortSignal.timeout(EXPORT_PATIENCE_MS)]);
      const made = await follow(`/v1/me/exports/${asked.export_id}`, () => {}, { signal: patience });
      if (!made?.download_url) throw new Error(made?.status === "failed" ? "The export failed; please ask again." : "The export is not ready yet; ask again in a minute.");
      put(place, el("p", {}, el("a", { class: "button primary", href: made.download_url, download: "facet.zip" }, "Download the ZIP"), el("span", { class: "soft small" }, ` ${measured(made.bytes, "bytes")}, until ${moment(made.expires_at)}`)));
      say("Your export is ready to download.");
    }).catch((error) => wrong.tell(error.message));
  };
  const erase = el("button", { class: "danger" }, "Delete my account");
  erase.onclick = async () => {
    wrong.tell("");
    if (!(await confirmed("Delete your account?", "Every photo, result, product, garment and your sign-in are erased. This cannot be undone.", "Delete everything"))) return;
    try {
      await busy(erase, "Deleting…", () => call("DELETE", "/v1/me"));
      forget();
      dispatchEvent(new Event("facet:signed-out"));
      say("Your account is being deleted; you are signed out.");
    } catch (error) {
      wrong.tell(error.message);
    }
  };
  return el("section", { class: "card", "aria-label": "Your data" }, el("h2", {}, "Your data"),
    el("p", {}, "One ZIP with every row and picture of yours, readable without this app."),
    place, wrong,
    el("div", { class: "row" }, take, erase));
}
