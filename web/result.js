// One analysis: its stages while it runs, then everything it says.

import { Problem, call, follow } from "./api.js";
import { sent } from "./capture.js";
import { bullets, busy, card, confirmed, dot, el, focusHeading, put, say } from "./dom.js";
import { KINDS } from "./kinds.js";
import { checkList, photoList, progressView, stages } from "./progress.js";
import { concernsCard } from "./skin.js";
import { MONK, capital, day, measured, moment, percent, words } from "./words.js";

const PICTURES_COME_WITHIN_MS = 20_000;
const ITA = [["very light", 55], ["light", 41], ["intermediate", 28], ["tan", 10], ["brown", -30], ["dark", -60]];

export async function showResult(main, { signal, arguments: [id] }) {
  const path = `/v1/analyses/${id}`;
  const begun = Date.now();
  let list = null;
  let shown = null;
  // The pictures are drawn beside the advice and may come a moment later.
  const again = (document) =>
    document.status === "completed" && !document.photo?.optimized_url && Date.now() - begun < PICTURES_COME_WITHIN_MS ? 700 : null;

  const show = (document) => {
    const running = !["completed", "failed", "expired"].includes(document.status);
    if (running) {
      if (!list) {
        list = stages(sent.get(id)?.wants);
        const picture = sent.get(id)?.url ?? document.photo?.thumbnail_url;
        put(main, progressView(picture, list, (event) => busy(event.currentTarget, "Deleting…", () => remove(path))));
      }
      list.show(document);
      return;
    }
    if (shown?.root.isConnected && shown.update(document)) return;
    if (document.status === "completed") {
      if (!shown) say("Your result is ready.");
      shown = completed(document, path, sent.get(id)?.url);
      put(main, shown.root);
    } else put(main, failed(document, path, sent.get(id)?.url));
    if (list) {
      list = null;
      focusHeading(main);
    }
  };
  await follow(path, show, { signal, again }).catch((error) => {
    if (error.code === "analysis_not_found" && list) return; // deleted while it ran
    throw error;
  });
}

async function remove(path) {
  await call("DELETE", path).catch((error) => {
    if (!(error instanceof Problem && error.status === 404)) throw error;
  });
  location.hash = "#/history";
}

function failed(document, path, picture) {
  const expired = document.status === "expired";
  const failure = document.failure ?? { message: "The photo did not arrive in time.", checks: [], code: "expired" };
  return el("div", { class: "failure" },
    el("section", { class: "card" },
      el("h1", {}, expired ? "This ran out of time" : "This photo will not do"),
      el("p", {}, failure.message),
      el("div", { class: picture ? "with-picture" : null },
        picture && el("img", { class: "thumb", src: picture, alt: "The photo you sent" }),
        photoList(document.photos, measured) ?? (failure.checks?.length > 0 && checkList(failure.checks, measured))),
      el("p", { class: "soft small" }, `Code: ${failure.code}. It did not count towards today's analyses.`),
      el("div", { class: "row" },
        el("a", { class: "button primary", href: "#/new" }, "Take another photo"),
        el("button", { class: "quiet", onclick: (event) => busy(event.currentTarget, "Deleting…", () => remove(path)) }, "Delete"))));
}

/** The whole result; `update` takes a newer document and says whether it could do so in place. */
function completed(document, path, local) {
  const { skin, face, recommendations: advice = {}, quality, telling } = document;
  const tone = skin?.tone;
  const cite = citations(advice);
  const hero = el("img", { class: "portrait", alt: "The analysed photo", src: document.photo?.optimized_url ?? local ?? false });
  const drawn = KINDS.filter(({ kind }) => advice[kind]).map((row) => [row, adviceCard(row, document, cite)]);
  const cards = [
    ["words", "In words", document.enhanced_analysis && wordsCard(document.enhanced_analysis)],
    ["tone", "Tone", tone && toneCard(tone, telling, skin.tone_of_person)],
    ["skin", "Skin", skin?.concerns?.length && concernsCard(document, local)],
    ["colours", "Colours", (document.season || face) && coloursCard(document)],
    ...drawn.map(([{ jump: part }, { element }]) => [part.toLowerCase(), part, element]),
    ["photo", "Photo", photoCard(quality, document.face, document.photos)],
    ["about", "About", aboutCard(document, cite, path)],
  ].filter(([, , section]) => section);

  const jump = (section) => {
    section.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth", block: "start" });
    const title = section.querySelector("h2");
    title.tabIndex = -1;
    title.focus({ preventScroll: true });
  };
  const root = el("div", { class: "result" },
    el("header", { class: "hero" },
      el("div", { class: "portrait-box" }, hero),
      el("div", {},
        el("p", { class: "soft small" }, `Photo of ${moment(document.created_at)}`),
        el("h1", {}, telling?.headline ?? "Your result"),
        telling?.chips?.length > 0 && el("ul", { class: "facts" }, telling.chips.map((chip) => el("li", {}, chip))),
        telling?.index && el("p", {}, telling.index),
        el("p", { class: "soft small" }, `Deleted by itself on ${day(document.expires_at)}.`))),
    el("nav", { class: "jumps", "aria-label": "Parts of the result" },
      cards.map(([name, title, section]) => el("button", { type: "button", "data-part": name, onclick: () => jump(section) }, title))),
    cards.map(([name, , section]) => (section.classList.add(`part-${name}`), section)));

  return {
    root,
    update(next) {
      if (JSON.stringify(next.recommendations) !== JSON.stringify(document.recommendations)) return false;
      if (next.photo?.optimized_url && !document.photo?.optimized_url) return false;
      for (const [, { update }] of drawn) update?.(next);
      return true;
    },
  };
}

/** {element, update}: what one kind advises, or why there is none. */
function adviceCard({ kind, title, draw }, document, cite) {
  const result = document.recommendations[kind];
  if (result.status === "failed") {
    return { element: card(title, el("p", {}, result.message ?? "This part could not be made."), result.code && el("p", { class: "soft small" }, `Code: ${result.code}`)) };
  }
  return draw({ title, document, result, cite: (ids) => cite(ids, kind), about: { analysis_id: document.analysis_id, kind } });
}

/** Numbered sources over all kinds of advice: {cite(ids, kind), list}. */
function citations(advice) {
  const list = [];
  const numbers = new Map();
  for (const { kind } of KINDS) {
    for (const source of advice[kind]?.sources ?? []) {
      let at = list.findIndex(({ title }) => title === source.title);
      if (at < 0) at = list.push(source) - 1;
      numbers.set(`${kind} ${source.id}`, at + 1);
    }
  }
  const cite = (ids, kind) => {
    const cited = [...new Set((ids ?? []).map((id) => numbers.get(`${kind} ${id}`)).filter(Boolean))];
    return cited.length ? el("sup", {}, el("span", { class: "unseen" }, "Sources "), cited.join(", ")) : null;
  };
  return Object.assign(cite, { list });
}

// --- the measured part -----------------------------------------------------------------------------

function wordsCard(told) {
  return card("In plain words",
    el("p", { class: "lead" }, told.summary),
    told.recommendations?.length > 0 &&
      el("details", {}, el("summary", {}, "What to do, step by step"), bullets(told.recommendations)),
    el("p", { class: "soft small" }, `Worded by ${told.source.startsWith("bedrock") ? "a language model, checked against the measures" : "templates"}. Cosmetic, not a diagnosis.`));
}

/** Where an ITA lies on an axis that gives every class the same width, percent from the left. */
function onAxis(ita) {
  const bounds = [80, ...ITA.map(([, lower]) => lower)];
  const value = Math.min(Math.max(ita, bounds.at(-1)), bounds[0]);
  const index = ITA.findIndex(([, lower]) => value >= lower);
  return (100 * (index + (bounds[index] - value) / (bounds[index] - bounds[index + 1]))) / ITA.length;
}

/** What else than this photo speaks in the person's tone; null where nothing does. */
function overAll(person) {
  const told = [["monk", "the Monk tone you told"], ["foundation", "the foundation that fits you"]].filter(([kind]) => person?.evidence.includes(kind)).map(([, text]) => text);
  if (!person || (person.photos < 2 && !told.length)) return null;
  const of = [person.photos > 0 && `${person.photos} ${person.photos === 1 ? "photo" : "photos"}`, ...told].filter(Boolean);
  const [low, high] = person.ita_interval;
  return el("p", { class: "over-all" }, el("b", {}, `You, over ${of.join(" and ")}: ${person.ita_class ? `${person.ita_class}, ` : ""}ITA ${Math.round(person.ita)}° `),
    el("span", { class: "soft" }, `between ${Math.round(low)}° and ${Math.round(high)}°, Monk ${person.monk.slice(0, 3).map((part) => `${part.tone} (${percent(part.share)})`).join(", ")}`));
}

function toneCard(tone, telling, person) {
  const [low, high] = tone.ita_interval;
  const classes = tone.ita_class ? [tone.ita_class] : tone.open?.classes ?? [];
  const shares = new Map(tone.monk.map((part) => [part.tone, part.share]));
  const likely = tone.monk.filter((part) => part.share >= 0.05).map((part) => `${part.tone} (${percent(part.share)})`);
  return card("Skin tone",
    el("div", { class: "tone" },
      el("div", { class: "swatch", style: { background: tone.hex }, role: "img", "aria-label": `Your skin in this photo, ${tone.hex}` }),
      el("div", {},
        el("p", {}, el("b", {}, telling?.tone ?? "", " "),
          el("span", { class: "soft" }, `ITA ${Math.round(tone.ita)}°, between ${Math.round(low)}° and ${Math.round(high)}° as far as one photo knows its light; ${tone.hex} in this photo`)),
        overAll(person),
        el("div", { class: "axis", "aria-hidden": "true" },
          el("div", { class: "classes" }, ITA.map(([name]) => el("span", { class: classes.includes(name) ? "here" : null }, name.replace("intermediate", "inter\u00admediate")))),
          el("span", { class: "band", style: { left: `${onAxis(high)}%`, right: `${100 - onAxis(low)}%` } }),
          el("span", { class: "mark", style: { left: `${onAxis(tone.ita)}%` } })),
        el("p", {}, el("b", {}, "Monk Skin Tone "), el("span", { class: "soft" }, likely.join(", "))),
        el("div", { class: "monk", "aria-hidden": "true" }, MONK.map((hex, index) =>
          el("div", {}, el("span", { class: "column" }, el("i", { style: { height: `${100 * (shares.get(index + 1) ?? 0)}%` } })), dot(hex, "chip"), index + 1))),
        el("p", {}, el("b", {}, telling?.undertone ?? "", " "), el("span", { class: "soft" }, (tone.undertones ?? []).map((part) => `${part.name} ${percent(part.share)}`).join(", "))),
        telling?.settle?.length > 0 && el("div", {}, el("p", {}, "What would settle it:"), bullets(telling.settle)))));
}

function sharesOf(title, parts, told = null) {
  return el("div", {},
    el("h3", {}, title),
    told && el("p", {}, told),
    el("ul", { class: "shares" }, parts.slice(0, 4).map((part) =>
      el("li", {}, el("span", {}, part.name === part.name.toLowerCase() ? words(part.name) : part.name),
        el("span", { class: "track", "aria-hidden": "true" }, el("i", { style: { width: `${part.share * 100}%` } })),
        el("span", { class: "number" }, percent(part.share))))));
}

function coloursCard({ season, face, prediction, classifications, telling }) {
  return card("Colours and shape",
    face?.colours?.length > 0 && el("ul", { class: "chips" }, face.colours.map((colour) =>
      el("li", {}, colour.hex ? dot(colour.hex, "chip") : el("span", { class: "chip none", "aria-hidden": "true" }),
        el("span", {}, `${words(colour.feature)}: ${colour.name ?? "not read"}`, el("br"),
          el("span", { class: "soft small" }, colour.hex ? `${colour.hex}, ${percent(colour.confidence)} sure` : colour.reason))))),
    el("div", { class: "thirds" },
      season?.length > 0 && sharesOf("Colour season", season, telling?.season),
      face?.shape?.length > 0 && sharesOf("Face shape", face.shape, telling?.shape),
      prediction && el("div", {}, sharesOf("The measures together", prediction.all_conditions, telling?.condition),
        el("p", { class: "soft small" }, `${percent(prediction.confidence)} sure. `, prediction.missing?.length > 0 && `Without ${prediction.missing.join(", ").replaceAll("_", " ")}, which this photo does not show.`)),
      (classifications ?? []).map((model) => sharesOf(`Model ${model.model} ${model.version}`, model.labels))),
    el("p", { class: "soft small" }, "Seasons and face shapes are conventions, told as shares."));
}

function photoCard(quality, face, photos) {
  const pose = face?.pose;
  return card("The photo",
    photoList(photos, measured) ?? (quality?.checks?.length ? checkList(quality.checks, measured) : el("p", {}, el("b", { class: "good" }, "Good. "), "Every check of size, position, light and focus passed.")),
    quality?.reference && el("p", {}, el("b", { class: quality.reference.status === "used" ? "good" : null }, `${words(quality.reference.kind)}: ${words(quality.reference.status).toLowerCase()}. `), quality.reference.hint),
    pose && el("p", { class: "soft small" }, `Head turned ${Math.abs(Math.round(pose.yaw))}°, raised or lowered ${Math.abs(Math.round(pose.pitch))}°, tilted ${Math.abs(Math.round(pose.roll))}°.`));
}

function aboutCard(document, cite, path) {
  const { tables, ...versions } = document.versions ?? {};
  const trash = el("button", { class: "danger" }, "Delete this result");
  trash.onclick = async () => {
    if (await confirmed("Delete this result?", "The measures, the advice and every picture of it go at once.", "Delete")) await busy(trash, "Deleting…", () => remove(path));
  };
  return card("About this result",
    cite.list.length > 0 && el("details", {}, el("summary", {}, `Sources (${cite.list.length})`),
      el("ol", { class: "sources" }, cite.list.map(({ url, title, year }) => el("li", {}, url ? el("a", { href: url, rel: "noreferrer", target: "_blank" }, title) : title, `, ${year}`)))),
    el("details", {}, el("summary", {}, "Versions"),
      el("dl", { class: "versions" }, Object.entries({ ...versions, ...tables }).map(([name, version]) => el("div", {}, el("dt", {}, words(name)), el("dd", {}, version))))),
    el("div", { class: "row" }, trash));
}
