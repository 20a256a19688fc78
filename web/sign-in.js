// Sign in, make an account, confirm it, choose a new password.

import { confirmSignUp, forgotPassword, sendCodeAgain, setPassword, signIn, signUp } from "./auth.js";
import { alertLine, busy, el, field, put, say } from "./dom.js";

const PROMISES = [
  ["Measured, not guessed", "Tone, undertone and eleven skin measures, each with its unit and how far it may be off."],
  ["From what you own", "A routine, a look and an outfit out of your own bag and wardrobe, every step with its reason."],
  ["Yours alone", "It runs in one account of its own, recognises nobody, and forgets when you say so."],
];

export function showSignIn(main) {
  const panel = el("section", { class: "card panel" });
  put(main,
    el("div", { class: "welcome" },
      el("div", { class: "pitch" },
        el("h1", {}, "One selfie.", el("br"), "An honest answer."),
        el("dl", {}, PROMISES.map(([title, text]) => el("div", {}, el("dt", {}, title), el("dd", {}, text))))),
      panel),
  );
  askPassword(panel, {});
}

const email = (value) =>
  el("input", { name: "email", type: "email", required: true, autocomplete: "username", value: value ?? "", spellcheck: "false" });
const password = (autocomplete) =>
  el("input", { name: "password", type: "password", required: true, minlength: autocomplete === "new-password" ? 12 : null, autocomplete });
const code = () =>
  el("input", { name: "code", required: true, inputmode: "numeric", autocomplete: "one-time-code", pattern: "[0-9]{6}", maxlength: 6, class: "code" });

/** One form: its fields, its button, and the ways out of it. `act(values)` may raise. -> its alert. */
function form(panel, spec) {
  const { title, lead, fields, button, act, ways } = spec;
  const wrong = alertLine();
  const submit = el("button", { class: "primary wide" }, button);
  const body = el(
    "form",
    {
      onsubmit: async (event) => {
        event.preventDefault();
        wrong.tell("");
        try {
          await busy(submit, "One moment…", () => act(Object.fromEntries(new FormData(body))));
        } catch (error) {
          // A step that came in between, such as a code, leads back to where it started.
          const alert = body.isConnected ? wrong : form(panel, spec);
          alert.tell(error.message);
          panel.querySelector("input").focus();
        }
      },
    },
    fields, wrong, submit,
  );
  put(panel, el("h2", { class: "title" }, title), lead && el("p", { class: "soft" }, lead), body,
    el("p", { class: "ways" }, ways.map(([text, go]) => el("button", { class: "link", type: "button", onclick: go }, text))));
  // On arrival the page is read from its top; a form that took another's place is what was asked for.
  if (panel.dataset.used) panel.querySelector("input").focus({ preventScroll: true });
  panel.dataset.used = "yes";
  return wrong;
}

function askPassword(panel, { address, said }) {
  form(panel, {
    title: "Sign in",
    lead: said,
    fields: [field("E-mail", email(address)), field("Password", password("current-password"))],
    button: "Sign in",
    act: async (values) => {
      try {
        await signIn(values.email.trim(), values.password, () => askAuthenticator(panel));
      } catch (error) {
        if (error.code !== "UserNotConfirmedException") throw error;
        await sendCodeAgain(values.email.trim());
        return askCode(panel, values);
      }
      say("You are signed in.");
      dispatchEvent(new Event("facet:signed-in"));
    },
    ways: [
      ["Create an account", () => askNew(panel)],
      ["Forgot the password", () => askReset(panel)],
    ],
  });
}

function askNew(panel) {
  form(panel, {
    title: "Create an account",
    fields: [
      field("E-mail", email()),
      field("Password", password("new-password"), "At least 12 characters; a few words will do."),
    ],
    button: "Create the account",
    act: async (values) => {
      await signUp(values.email.trim(), values.password);
      askCode(panel, values);
    },
    ways: [["I have an account", () => askPassword(panel, {})]],
  });
}

function askCode(panel, { email: address, password: chosen }) {
  form(panel, {
    title: "Look into your mail",
    lead: `We sent a code of six digits to ${address}.`,
    fields: [field("Code", code())],
    button: "Confirm",
    act: async (values) => {
      await confirmSignUp(address.trim(), values.code);
      await signIn(address.trim(), chosen, () => askAuthenticator(panel));
      say("Your account is ready; you are signed in.");
      dispatchEvent(new Event("facet:signed-in"));
    },
    ways: [["Send a new code", () => sendCodeAgain(address.trim()).then(() => say("A new code is on its way."))]],
  });
}

function askReset(panel) {
  form(panel, {
    title: "A new password",
    lead: "We send a code to your address; with it you choose a new password.",
    fields: [field("E-mail", email())],
    button: "Send the code",
    act: async ({ email: address }) => {
      await forgotPassword(address.trim());
      form(panel, {
        title: "A new password",
        lead: `We sent a code to ${address}, if it has an account.`,
        fields: [field("Code", code()), field("New password", password("new-password"), "At least 12 characters.")],
        button: "Save it",
        act: async (values) => {
          await setPassword(address.trim(), values.code, values.password);
          askPassword(panel, { address, said: "Your new password is set." });
        },
        ways: [["Back to signing in", () => askPassword(panel, { address })]],
      });
    },
    ways: [["Back to signing in", () => askPassword(panel, {})]],
  });
}

/** Resolves to the code of an authenticator app. */
function askAuthenticator(panel) {
  return new Promise((resolve) => {
    form(panel, {
      title: "One more step",
      lead: "Type the code your authenticator app shows.",
      fields: [field("Code", code())],
      button: "Continue",
      act: (values) => resolve(values.code),
      ways: [["Back to signing in", () => askPassword(panel, {})]],
    });
  });
}
