// Codes, numbers and times as people write them.

/** face_angle_left -> Face angle left */
export const words = (code) => capital(String(code).replaceAll("_", " "));

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** 0.183 -> 18 % */
export const percent = (share) => `${Math.round(share * 100)} %`;

/** A measured value with its unit; empty for none. */
export function measured(value, unit = "") {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  const text = Math.abs(value) >= 100 || Number.isInteger(value) ? Math.round(value).toLocaleString("en") : Number(value.toPrecision(2)).toString();
  if (unit === "bytes") return value < 1e5 ? `${Math.ceil(value / 1e3)} kB` : `${(value / 1e6).toFixed(1)} MB`;
  if (unit === "pixels") return `${(value / 1e6).toFixed(1)} megapixels`;
  return ["", "ratio", "probability"].includes(unit) ? text : `${text} ${unit}`;
}

/** "Names a, b and c" -> a list in a sentence. */
export const listed = (items) => new Intl.ListFormat("en", { type: "conjunction" }).format(items);

export const day = (iso) => new Date(iso).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });

export const moment = (iso) =>
  new Date(iso).toLocaleString("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

/** The Monk Skin Tone scale, lightest first, as published at skintone.google (CC BY 4.0). */
export const MONK = ["#f6ede4", "#f3e7db", "#f7ead0", "#eadaba", "#d7bd96", "#a07e56", "#825c43", "#604134", "#3a312a", "#292420"];
