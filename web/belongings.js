// What a person owns: make-up and skincare in the bag, garments in the wardrobe.

import { all, allowed, call, follow, get, sha256, upload } from "./api.js";
import { formatOf } from "./checks.js";
import { colourField } from "./colour.js";
import { alertLine, busy, choice, dot, el, field, focusHeading, fresh, put, say } from "./dom.js";
import { words } from "./words.js";

const BAG_CATEGORIES = ["cleanser", "toner", "serum", "moisturiser", "sunscreen", "exfoliant", "mask", "eye cream",
  "foundation", "concealer", "contour", "bronzer", "blush", "highlighter", "brow", "eyeshadow", "eyeliner", "mascara", "lip", "lip_liner"];
const COLOURED = new Set(BAG_CATEGORIES.slice(BAG_CATEGORIES.indexOf("foundation")));
const FINISHES = ["matte", "satin", "gloss", "shimmer", "natural"];
const FORMALITY = ["At home", "Casual", "Neat", "Elegant", "Ceremony"];
const WARMTH = ["Hottest days", "Warm days", "Mild days", "Cold days", "Coldest days"];
const READ_WITHIN_MS = 15_000;
const TYPES = { jpeg: "image/jpeg", png: "image/png", webp: "image/webp", heic: "image/heic" };

/** A form in a dialog. save(values, form) may raise; resolves to true once it saved. */
function editor(title, fields, save, { remove } = {}) {
  const heading = fresh("editor");
  const wrong = alertLine();
  const submit = el("button", { class: "primary" }, "Save");
  const form = el("form", {
    onsubmit: async (event) => {
      event.preventDefault();
      wrong.tell("");
      try {
        await busy(submit, "Saving…", () => save(new FormData(form), form));
        dialog.close("saved");
      } catch (error) {
        wrong.tell(error.message);
      }
    },
  }, el("h2", { id: heading, class: "title" }, title), fields, wrong,
  el("div", { class: "row end" },
    remove && el("button", { type: "button", class: "danger start", onclick: async (event) => {
      try {
        await busy(event.currentTarget, "Removing…", remove);
        dialog.close("saved");
      } catch (error) {
        wrong.tell(error.message);
      }
    } }, "Remove"),
    el("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, "Cancel"), submit));
  const dialog = el("dialog", { class: "sheet", "aria-labelledby": heading }, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    dialog.remove();
    resolve(dialog.returnValue === "saved");
  }));
}

/** Values that were typed; empty ones are left out. */
const told = (values, ...names) => Object.fromEntries(names.map((name) => [name, String(values.get(name) ?? "").trim()]).filter(([, value]) => value));

const input = (name, value, attributes = {}) => el("input", { name, value: value ?? "", ...attributes });

// --- bag -------------------------------------------------------------------------------------------

export async function showBag(main, { signal }) {
  const items = await all("/v1/bag", "items");
  if (signal.aborted) return;
  const edit = async (item) => (await editBagItem(item)) && !signal.aborted && showBag(main, { signal }).then(() => (focusHeading(main), say("Your bag is saved.")));
  const groups = new Map();
  for (const item of items) {
    const category = item.category ? words(item.category) : "Products";
    groups.set(category, [...(groups.get(category) ?? []), item]);
  }
  put(main,
    el("div", { class: "page-head" }, el("h1", { class: "page-title" }, "Your bag"),
      el("button", { class: "primary", onclick: () => edit(null) }, "Add a product")),
    items.length === 0 && el("section", { class: "card empty" }, el("p", {}, "Routines and looks come from what you own first. Add what stands on your shelf.")),
    el("div", { class: "groups" }, [...groups].sort(([a], [b]) => a.localeCompare(b)).map(([category, owned]) =>
      el("section", { class: "card", "aria-label": category }, el("h2", {}, category),
        el("ul", { class: "things" }, owned.map((item) =>
          el("li", {}, el("button", { type: "button", class: "thing", onclick: () => edit(item) },
            item.shade ? dot(item.shade, "chip") : el("span", { class: "chip none", "aria-hidden": "true" }),
            el("span", {}, el("b", {}, item.name ?? item.product_id),
              el("span", { class: "soft small" }, [item.shade, item.finish, item.spf && `SPF ${item.spf}`, item.ingredients?.join(", ").split(/[,\n]/).slice(0, 3).join(", ")].filter(Boolean).join(" · ") || "Edit"))))))))),
  );
}

const IN_USE = [["", "Not told"], ["new", "It is new"], ["over_four_weeks", "For more than four weeks"]];
const PRESCRIBED = [
  ["", "No"],
  ["every_morning", "For my face, every morning"],
  ["every_evening", "For my face, every evening"],
  ["morning_and_evening", "For my face, morning and evening"],
  ["every_other_evening", "For my face, every other evening"],
  ["twice_a_week", "For my face, twice a week"],
  ["once_a_week", "For my face, once a week"],
  ["elsewhere", "Not for my face"],
];

function editBagItem(item) {
  const finishes = new Set([...FINISHES, ...(item?.finish ? [item.finish] : [])]);
  const finish = choice("finish", [["", "Not known"], ...[...finishes].map((name) => [name, words(name)])], item?.finish);
  const categories = new Set([...BAG_CATEGORIES, ...(item?.category ? [item.category] : [])]);
  const category = choice("category", [["", "Choose…"], ...[...categories].map((name) => [name, words(name)])], item?.category, { required: !item?.product_id, onchange: () => reveal() });
  const colour = colourField("Colour", item?.shade ?? null);
  const coloured = el("div", { class: "pair" }, colour.element, field("Finish", finish));
  // What is stored is always seen: what nobody sees, nobody can take away.
  const reveal = () => (coloured.hidden = !(COLOURED.has(category.value) || colour.value() || finish.value));
  reveal();
  const name = input("name", item?.name, { required: !item?.product_id, maxlength: 200, autocomplete: "off" });
  const chosen = input("product_id", item?.product_id, { type: "hidden" });
  const spf = input("spf", item?.spf, { type: "number", min: 2, max: 100 });
  const take = (product) => {
    chosen.value = product.product_id;
    name.value = [product.brand, product.name].filter(Boolean).join(" ");
    if (![...category.options].some((option) => option.value === product.category)) category.append(el("option", { value: product.category }, words(product.category)));
    category.value = product.category;
    spf.value = product.spf ?? "";
    colour.set(product.shade ?? null);
    reveal();
    say(`${product.name} is filled in.`);
    name.focus();
  };
  return editor(item ? "A product of yours" : "Add a product", [
    !item && productSearch(take),
    field("Name", name), chosen,
    field("What is it?", category),
    coloured,
    field("Ingredients", el("textarea", { name: "ingredients", rows: 3, maxlength: 4000 }, item?.ingredients?.join(", ") ?? ""), "Paste the whole label as it is; “Niacinamide 5 %” is understood."),
    el("div", { class: "pair number-date" }, field("SPF", spf), field("Opened", input("opened", item?.opened, { type: "date" }))),
    field("How long have you used it?", choice("in_use", IN_USE, item?.in_use), "Of something strong that you say nothing about, a routine begins slowly."),
    field("Did a doctor prescribe it?", choice("prescribed", PRESCRIBED, item?.prescribed && (item.prescribed.for_face ? item.prescribed.how_often : "elsewhere"))),
  ], async (values) => {
    const body = told(values, "product_id", "name", "category", "finish", "opened", "in_use");
    const prescribed = String(values.get("prescribed"));
    if (prescribed === "elsewhere") body.prescribed = { for_face: false, how_often: item?.prescribed?.how_often ?? "every_evening" };
    else if (prescribed) body.prescribed = { for_face: true, how_often: prescribed };
    if (item?.quantity !== undefined) body.quantity = item.quantity;
    if (values.get("spf")) body.spf = Number(values.get("spf"));
    if (colour.value()) body.shade = colour.value();
    const label = String(values.get("ingredients")).trim();
    if (label) body.ingredients = [label]; // the server knows where an entry ends
    await call("PUT", `/v1/bag/${item?.item_id ?? crypto.randomUUID()}`, body);
  }, { remove: item && (() => call("DELETE", `/v1/bag/${item.item_id}`)) });
}

/** Find it in the catalogue instead of typing it. */
function productSearch(take) {
  const results = el("ul", { class: "hits", "aria-live": "polite" });
  const query = el("input", { type: "search", autocomplete: "off", maxlength: 100, placeholder: "niacinamide serum" });
  const choose = (product) => {
    take(product);
    put(results);
    query.value = "";
  };
  const result = (product) => el("li", {}, el("button", { type: "button", class: "link", onclick: () => choose(product) },
    [product.brand, product.name].filter(Boolean).join(" "), el("span", { class: "soft small" }, ` ${words(product.category)}`)));
  let last = 0;
  query.addEventListener("input", () => {
    const turn = (last += 1);
    setTimeout(async () => {
      if (turn !== last) return;
      const text = query.value.trim();
      if (text.length < 3) return put(results);
      try {
        const { products = [] } = await get(`/v1/products?q=${encodeURIComponent(text)}&limit=5`);
        if (turn !== last) return;
        put(results, ...products.map(({ product }) => result(product)),
          ...(products.length ? [] : [el("li", { class: "soft small" }, "Nothing found; describe it below.")]));
      } catch (error) {
        put(results, el("li", { class: "alert small" }, error.message));
      }
    }, 250);
  });
  query.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  return el("div", {}, field("Find it in the catalogue", query, "Or describe it below."), results);
}

// --- wardrobe --------------------------------------------------------------------------------------

export async function showWardrobe(main, { signal }) {
  const [items, slots] = await Promise.all([all("/v1/wardrobe", "items"), allowed("NewGarment", "slot")]);
  if (signal.aborted) return;
  const places = slots.length ? slots : ["top", "bottom", "full_body", "outer", "shoes", "accessory"];
  const edit = async (item) => (await editGarment(item, places)) && !signal.aborted && showWardrobe(main, { signal }).then(() => (focusHeading(main), say("Your wardrobe is saved.")));
  const groups = places.map((slot) => [slot, items.filter((item) => item.slot === slot)]).filter(([, owned]) => owned.length);
  put(main,
    el("div", { class: "page-head" }, el("h1", { class: "page-title" }, "Your wardrobe"),
      el("button", { class: "primary", onclick: () => edit(null) }, "Add a garment")),
    items.length === 0 && el("section", { class: "card empty" }, el("p", {}, "Outfits are made of what hangs in your wardrobe. A photo is enough: its colours are read.")),
    groups.map(([slot, owned]) => el("section", { class: "card", "aria-label": words(slot) }, el("h2", {}, words(slot)),
      el("ul", { class: "garments" }, owned.map((item) =>
        el("li", {}, el("button", { type: "button", class: "garment", onclick: () => edit(item) },
          item.picture_url
            ? el("img", { src: item.picture_url, alt: "", loading: "lazy" })
            : el("span", { class: "cloth", "aria-hidden": "true" }, (item.colours ?? []).map((colour) => el("i", { style: { background: colour.hex, "flex-grow": colour.share } }))),
          el("b", {}, item.name ?? words(item.category)),
          el("span", { class: "soft small" }, item.status === "failed" ? item.message : item.status === "awaiting_upload" ? "Its photo is being read" : `${FORMALITY[item.formality - 1] ?? ""}, ${(WARMTH[item.warmth - 1] ?? "").toLowerCase()}`))))))));
}

function editGarment(item, slots) {
  const stored = item?.colours?.[0]?.hex ?? null;
  const colour = colourField("Colour", stored, { text: stored ? "As before" : "No colour", to: stored });
  const photo = el("input", { type: "file", name: "photo", accept: Object.values(TYPES).join(",") });
  const level = (name, label, texts) => field(label, choice(name, texts.map((text, index) => [String(index + 1), text]), String(item?.[name] ?? 3)));
  return editor(item ? "A garment of yours" : "Add a garment", [
    field("Photo", photo, "Laid flat or hanging, on a plain ground; its colours are read from it. Without one, choose the colour."),
    field("Name", input("name", item?.name, { maxlength: 200 })),
    el("div", { class: "pair" },
      field("What is it?", input("category", item?.category, { required: true, maxlength: 60, placeholder: "shirt, kurta, boots…" })),
      field("Worn as", choice("slot", slots.map((slot) => [slot, words(slot)]), item?.slot))),
    el("div", { class: "pair" },
      colour.element,
      field("Pattern", input("pattern", item?.pattern ?? "plain", { maxlength: 40 }))),
    el("div", { class: "pair" }, level("formality", "Dressiness", FORMALITY), level("warmth", "For", WARMTH)),
    el("label", { class: "tick" }, el("input", { type: "checkbox", name: "waterproof", checked: item?.waterproof }), el("span", {}, "Keeps the rain out")),
  ], async (values) => {
    const body = {
      ...told(values, "name", "category", "slot", "pattern"),
      formality: Number(values.get("formality")),
      warmth: Number(values.get("warmth")),
      waterproof: values.has("waterproof"),
    };
    const file = photo.files[0];
    const chosen = colour.value() !== stored;
    if (chosen) body.colours = [{ hex: colour.value(), share: 1 }];
    if (item?.last_worn) body.last_worn = item.last_worn;
    if (file) {
      const format = await formatOf(file);
      if (!format) throw new Error("Choose a JPEG, PNG, WebP or HEIC photo.");
      body.photo = { content_type: TYPES[format], content_length: file.size, checksum_sha256: await sha256(file) };
    } else if (!chosen && item?.colours?.length) body.colours = item.colours;
    const saved = await (item ? call("PUT", `/v1/wardrobe/${item.item_id}`, body) : call("POST", "/v1/wardrobe", body));
    if (!file) return;
    await upload(saved.upload_url, saved.upload, file);
    const read = await follow(`/v1/wardrobe/${saved.item_id}`, () => {}, { signal: AbortSignal.timeout(READ_WITHIN_MS) });
    if (read?.status === "failed") throw new Error(read.message);
  }, { remove: item && (() => call("DELETE", `/v1/wardrobe/${item.item_id}`)) });
}

