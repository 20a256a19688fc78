// Elements without a framework. Styles go through the CSSOM, which a strict CSP allows.

const SVG = "http://www.w3.org/2000/svg";

/**
 * el("button", {class: "quiet", onclick: f, disabled: true}, "Save", [icon]) -> the element.
 * Attributes that are false, null or undefined are left out; `style` is an object of properties.
 */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [property, setting] of Object.entries(value)) node.style.setProperty(property, setting);
    else if (name === "value" && "value" in node) node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Replaces what is in `node`; like el(), it leaves out what is false, null or undefined. */
export function put(node, ...children) {
  node.replaceChildren();
  return fill(node, {}, children);
}

let ids = 0;
/** An id no other element has. */
export const fresh = (name) => `${name}-${(ids += 1)}`;

/** Read out by a screen reader without moving the focus; the same words again are read again. */
export function say(text) {
  const said = document.getElementById("said");
  said.textContent = "";
  setTimeout(() => (said.textContent = text), 60);
}

/** A patch of a colour. */
export const dot = (hex, className = "dot") => el("span", { class: className, style: { background: hex }, "aria-hidden": "true" });

/** A part of a page with its heading, which names it for a screen reader too. */
export const card = (title, ...content) => el("section", { class: "card", "aria-label": title }, el("h2", {}, title), ...content);

/** A labelled control: field("Name", input, "as on the label"). */
export function field(label, control, hint) {
  const id = (control.id ||= fresh("field"));
  const help = hint && el("p", { class: "hint", id: `${id}-hint` }, hint);
  if (help) control.setAttribute("aria-describedby", help.id);
  return el("div", { class: "field" }, el("label", { for: id }, label), control, help);
}

/** A <select> of [value, text] pairs. */
export function choice(name, options, chosen, attributes = {}) {
  return el(
    "select",
    { name, ...attributes },
    options.map(([value, text]) => el("option", { value, selected: value === (chosen ?? "") }, text)),
  );
}

/** A row of checkboxes or radio buttons that look like pills. */
export function pills(legend, name, options, chosen = [], { type = "checkbox", hint, onchange } = {}) {
  return el(
    "fieldset",
    { class: "pills" },
    el("legend", {}, legend, hint && el("span", { class: "hint" }, ` ${hint}`)),
    options.map(([value, text]) =>
      el("label", { class: "pill" }, el("input", { type, name, value, checked: chosen.includes(value), onchange }), el("span", {}, text)),
    ),
  );
}

/** What is ticked of a form's checkboxes of one name, in their order. */
export const ticked = (form, name) => [...form.querySelectorAll(`input[name="${name}"]:checked`)].map((box) => box.value);

/** Puts the focus on a page's heading, after what had it is gone. */
export function focusHeading(page) {
  const heading = page.querySelector("h1");
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/** A list of text, one bullet each; nothing for none. */
export const bullets = (texts, attributes = { class: "dots" }) =>
  texts?.length ? el("ul", attributes, texts.map((text) => el("li", {}, text))) : null;

/** While `work` runs, the button cannot be pressed again and says so. */
export async function busy(button, text, work) {
  const before = [...button.childNodes];
  button.disabled = true;
  button.replaceChildren(text);
  try {
    return await work();
  } finally {
    button.disabled = false;
    button.replaceChildren(...before);
  }
}

/** A paragraph that a screen reader reads out as soon as it has text. */
export function alertLine() {
  const line = el("p", { class: "alert", role: "alert", hidden: true });
  return Object.assign(line, {
    tell(text) {
      line.textContent = text ?? "";
      line.hidden = !text;
    },
  });
}

/** Ask before something that cannot be undone. Resolves to whether it was confirmed. */
export function confirmed(title, text, action) {
  const heading = fresh("dialog");
  const dialog = el(
    "dialog",
    { class: "sheet", "aria-labelledby": heading },
    el("form", { method: "dialog" },
      el("h2", { id: heading, class: "title" }, title),
      el("p", {}, text),
      el("div", { class: "row end" },
        el("button", { value: "no", class: "quiet", autofocus: true }, "Cancel"),
        el("button", { value: "yes", class: "danger" }, action))),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
