// Every analysis, and how each measure moved, with the noise it has.

import { all } from "./api.js";
import { choice, el, field, put } from "./dom.js";
import { lineChart } from "./chart.js";
import { measured, moment, words } from "./words.js";

export async function showHistory(main, { signal }) {
  const analyses = await all("/v1/analyses", "analyses");
  if (signal.aborted) return;
  put(main,
    el("h1", { class: "page-title" }, "History"),
    analyses.length === 0
      ? el("section", { class: "card empty" }, el("p", {}, "No photo yet. The first one is where every comparison starts."), el("a", { class: "button primary", href: "#/new" }, "Take a photo"))
      : el("div", { class: "past" }, trends(analyses, signal), list(analyses)),
  );
}

const INDEX = "skin_index";

/** A measure over time, the overall index first: the photos that carry it, oldest first. */
function series(analyses) {
  const readings = new Map();
  const indexed = [...analyses].reverse().filter(({ status, skin }) => status === "completed" && skin?.index);
  // An index of other concerns is another index: only those made of what the newest is made of.
  const of = (analysis) => [...analysis.skin.index.of].sort().join();
  const same = indexed.filter((analysis) => of(analysis) === of(indexed.at(-1)));
  if (same.length) readings.set(INDEX, same.map((analysis) => ({ analysis, concern: { name: INDEX, measured: analysis.skin.index.value, minimum_change: analysis.skin.index.minimum_change, unit: "of 100" } })));
  for (const analysis of [...analyses].reverse()) {
    for (const concern of analysis.status === "completed" ? analysis.skin?.concerns ?? [] : []) {
      if (concern.measured === null || concern.measured === undefined || concern.score === undefined) continue;
      if (!readings.has(concern.name)) readings.set(concern.name, []);
      readings.get(concern.name).push({ analysis, concern });
    }
  }
  return readings;
}

function trends(analyses, signal) {
  const byConcern = series(analyses);
  if (!byConcern.size) return null;
  const place = el("div", { "aria-live": "polite" });
  const draw = (name) => {
    const readings = byConcern.get(name);
    const newest = readings.at(-1);
    const noise = Math.max(...readings.map(noiseOf));
    const verdict = verdictOf(newest);
    put(place,
      el("p", { class: "verdict" }, verdict),
      lineChart(words(name), readings.map(({ analysis, concern }) => ({ at: new Date(analysis.created_at), value: concern.measured, href: `#/analysis/${analysis.analysis_id}` })),
        { unit: newest.concern.unit, noise, verdict }));
  };
  const names = [...byConcern.keys()].sort((a, b) => (b === INDEX) - (a === INDEX) || byConcern.get(b).length - byConcern.get(a).length);
  const select = choice("measure", names.map((name) => [name, words(name)]), names[0], { onchange: () => draw(select.value) });
  draw(names[0]);
  // The chart is drawn for the width there is.
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== width) draw(select.value);
    width = innerWidth;
  }, { signal });
  return el("section", { class: "card", "aria-label": "How your skin moved" }, el("h2", {}, "How your skin moved"), field("Measure", select), place);
}

/** Half the band that the API gives: what a change has to be larger than. */
function noiseOf({ analysis, concern }) {
  const band = trendOf(analysis, concern)?.noise_band;
  return band ? (band.high - band.low) / 2 : 0;
}

function trendOf(analysis, concern) {
  return concern.name === INDEX ? analysis.index_trend : analysis.trends?.find((trend) => trend.concern === concern.name);
}

const SINCE = { previous: "the photo before", first: "your first photo" };

/** What the API says of the newest reading, beside the photo before and the first one. */
function verdictOf({ analysis, concern }) {
  const trend = trendOf(analysis, concern);
  const compared = ["previous", "first"].filter((name) => trend?.[name]);
  if (!compared.length) return "Nothing to compare it with yet: the next photo is held against this one.";
  if (compared.length > 1 && trend.previous.analysis_id === trend.first.analysis_id) compared.pop();
  const said = compared.map((name) => saidOf(trend[name], SINCE[name], concern.unit)).join(" ");
  return trend.noise_of === "edits" ? `${said} How far two photos of one person differ in this was not measured: another light may explain it.` : said;
}

const WHY_NOT = { not_measured: ", which does not show it", made_of: ", where other measures were in it" };

function saidOf({ verdict, change, reason }, since, unit) {
  if (verdict === "not_comparable") return `Not comparable with ${since}${WHY_NOT[reason] ?? ", which was measured another way"}.`;
  if (verdict === "within_noise") return `Against ${since}: no change beyond the noise.`;
  return `${words(verdict)} than on ${since}, by ${measured(Math.abs(change), unit)}, more than noise.`;
}

function list(analyses) {
  return el("section", { class: "card", "aria-label": "Photos" }, el("h2", {}, "Photos"),
    el("ul", { class: "photos" }, analyses.map((analysis) => {
      return el("li", {}, el("a", { href: `#/analysis/${analysis.analysis_id}` },
        analysis.photo?.thumbnail_url ? el("img", { src: analysis.photo.thumbnail_url, alt: "", loading: "lazy" }) : el("span", { class: "no-thumb", "aria-hidden": "true" }),
        el("span", {}, el("b", {}, analysis.telling?.headline ?? words(analysis.status)),
          el("span", { class: "soft small" }, moment(analysis.created_at)),
          analysis.failure && el("span", { class: "small bad" }, words(analysis.failure.code)))));
    })));
}
