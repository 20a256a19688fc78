// Up to three photos, what is wanted of them, consent, and their way to the bucket.

import { allowed, call, get, sha256, upload } from "./api.js";
import { OVAL, checkFile, checkSize, judgeAll, measure } from "./checks.js";
import { alertLine, el, field, focusHeading, pills, put, say, ticked } from "./dom.js";
import { KINDS } from "./kinds.js";
import { checkList, progressView, stages } from "./progress.js";
import { measured, words } from "./words.js";

const CONSENT = {
  version: "2026-11",
  text: "This is a photo of me, or of someone who agreed. It may be measured for skin, colours and shape. Photo and result stay in this account, are deleted on the day shown with the result, and earlier when I say so.",
};
const OCCASIONS = ["everyday", "work", "dinner", "wedding", "sport"];
const LOOK_EVERY_MS = 350;
const MOST_PHOTOS = 3;

/** Pictures just sent, by analysis, for the page that waits for the answer. */
export const sent = new Map();

export async function showCapture(main, { signal }) {
  const [guide, goals, usage] = await Promise.all([get("/v1/capture-guide"), allowed("NewAnalysis", "goals"), get("/v1/me/usage")]);
  if (signal.aborted) return;
  const photos = []; // {file, type, url, size, failed, rejected}, at most MOST_PHOTOS

  const wrong = alertLine();
  const submit = el("button", { class: "primary wide" }, "Analyse the photo");
  const stage = el("div", { class: "photo-stage" });
  const occasion = el("div", { class: "occasion", hidden: true },
    field("What for?", el("input", { name: "occasion", maxlength: 60, list: "occasions", placeholder: "everyday, dinner, wedding…" })),
    el("datalist", { id: "occasions" }, OCCASIONS.map((value) => el("option", { value }))),
    field("Outdoors, °C", el("input", { name: "temperature", type: "number", min: -60, max: 60, inputmode: "numeric" })),
    el("label", { class: "tick" }, el("input", { type: "checkbox", name: "rain" }), el("span", {}, "Rain or snow")));
  const reveal = () => (occasion.hidden = !KINDS.some(({ kind, asks }) => asks && ticked(form, "wants").includes(kind)));

  const form = el(
    "form",
    {
      class: "capture",
      novalidate: true,
      onsubmit: async (event) => {
        event.preventDefault();
        wrong.tell("");
        const values = new FormData(form);
        const problem =
          (!photos.length && "Choose a photo first.") ||
          (photos.some((photo) => photo.rejected) && `${photos.length > 1 ? "One of the photos" : "This photo"} would be refused; see what helps above.`) ||
          (!values.getAll("wants").length && "Choose what you would like.") ||
          (!form.elements.temperature.checkValidity() && "The temperature is between -60 and 60 °C.") ||
          (!values.get("consent") && "Please agree first: the photo is of a face.");
        if (problem) return wrong.tell(problem);
        const wish = { wants: values.getAll("wants"), goals: values.getAll("goals"), consent_version: CONSENT.version };
        if (values.has("white_paper")) wish.reference = "white_paper";
        if (!occasion.hidden) {
          if (values.get("occasion").trim()) wish.occasion = values.get("occasion").trim();
          if (values.get("temperature")) wish.weather = { temperature_c: Number(values.get("temperature")), rain: values.has("rain") };
        }
        await begin(main, photos, wish, signal).catch((error) => {
          const stopped = error.name === "AbortError";
          if (signal.aborted) return stopped || say(error.message);
          put(main, ...page);
          focusHeading(main);
          if (!stopped) wrong.tell(error.message);
        });
      },
    },
    el("section", { class: "card photo-card", "aria-labelledby": "photo-title" }, el("h2", { id: "photo-title" }, "Your photo"), stage,
      el("label", { class: "tick" }, el("input", { type: "checkbox", name: "white_paper" }), el("span", {}, "I hold a sheet of white paper beside my face, to measure my skin tone by."))),
    el("div", { class: "wishes" },
      el("section", { class: "card" },
        pills("What would you like?", "wants", KINDS.map(({ kind, wish }) => [kind, wish]), KINDS.map(({ kind }) => kind), { onchange: () => reveal() }),
        occasion,
        pills("Anything to work on?", "goals", goals.map((goal) => [goal, words(goal)]), [], { hint: "if you like" })),
      el("section", { class: "card" },
        el("label", { class: "tick consent" }, el("input", { type: "checkbox", name: "consent" }), el("span", {}, CONSENT.text)),
        wrong,
        submit,
        el("p", { class: "soft small centre" }, usage.limit === undefined || usage.limit === null ? "No limit today." : `${usage.left} of ${usage.limit} analyses left today. A refused photo does not count.`))),
  );
  const page = [el("h1", { class: "page-title" }, "A new photo"), form];
  put(main, ...page);
  reveal();

  const choose = async (file) => {
    if (!file) return;
    say("Checking the photo…");
    const photo = await inspect(file, guide);
    photos.push(photo);
    show();
    say(photo.failed.length ? photo.failed.map((check) => check.hint).join(" ") : "The photo looks good.");
  };
  const add = (focused = true) => {
    put(stage, ...chooser(choose, guide, signal, show, photos.length > 0));
    if (focused) stage.querySelector("button").focus({ preventScroll: true });
  };
  const remove = (photo) => {
    URL.revokeObjectURL(photo.url);
    photos.splice(photos.indexOf(photo), 1);
    show();
  };
  const show = (focused = true) => {
    if (!photos.length) return add(focused);
    put(stage,
      el("div", { class: "previews" }, photos.map((photo, number) => preview(photo, number, photos.length, () => remove(photo)))),
      photos.length < MOST_PHOTOS && el("div", { class: "more" },
        el("button", { type: "button", onclick: () => add() }, "Add another photo"),
        el("p", { class: "soft small" }, `Up to ${MOST_PHOTOS}, taken now: their mean is steadier than one.`)));
    if (focused) stage.querySelector("button").focus({ preventScroll: true });
  };
  show(false);
}

/** The ways to bring a photo in. */
function chooser(choose, guide, signal, back, more) {
  const input = el("input", {
    type: "file", accept: [...Object.values(guide.content_types), "image/heif"].join(","), class: "unseen", tabindex: -1, "aria-label": "Photo file",
    onchange: () => choose(input.files[0]),
  });
  const zone = el("div", {
    class: "drop",
    ondragover: (event) => (event.preventDefault(), zone.classList.add("over")),
    ondragleave: () => zone.classList.remove("over"),
    ondrop: (event) => (event.preventDefault(), zone.classList.remove("over"), choose(event.dataTransfer.files[0])),
  },
    oval("guide-face"),
    el("p", { class: "soft" }, "Face a window, hair off your face, no filter."),
    el("div", { class: "row centre" },
      el("button", { type: "button", class: "primary", onclick: () => openCamera(zone.parentNode, choose, guide, signal, back) }, "Use the camera"),
      el("button", { type: "button", onclick: () => input.click() }, "Choose a photo"),
      more && el("button", { type: "button", class: "quiet", onclick: () => back() }, "Back")),
    el("p", { class: "soft small from-desk" }, "or drop one here"),
    input);
  return [zone];
}

/** A drawn face, for what has no picture yet. */
function oval(className) {
  const box = el("div", { class: className, "aria-hidden": "true" });
  box.append(el("i"), el("i"), el("i"));
  return box;
}

/** What can be said of a file before it is sent. */
async function inspect(file, guide) {
  const { format, failed } = await checkFile(file, guide);
  const url = URL.createObjectURL(file);
  const type = format ? guide.content_types[format] : file.type;
  let size = null;
  try {
    const picture = await createImageBitmap(file);
    size = { width: picture.width, height: picture.height };
    failed.push(...checkSize(size.width, size.height, guide));
    picture.close();
  } catch {
    // HEIC in most browsers, or a damaged file: the server reads it and says.
  }
  return { file, type, url, size, failed, rejected: failed.some((check) => check.severity === "reject") };
}

function preview(photo, number, count, again) {
  const facts = [measured(photo.file.size, "bytes"), photo.size && `${photo.size.width} × ${photo.size.height}`].filter(Boolean).join(", ");
  return el("div", { class: "preview" },
    photo.size
      ? el("img", { src: photo.url, alt: count > 1 ? `Photo ${number + 1} of ${count}` : "The photo you chose" })
      : el("p", { class: "no-preview soft" }, "This browser cannot show this format; the service can read it."),
    photo.failed.length ? checkList(photo.failed, measured) : el("p", { class: "fine" }, el("b", { class: "good" }, "Ready to send. "), el("span", { class: "soft" }, `${facts}. Whether the face is seen well is judged after it is sent.`)),
    el("button", { type: "button", onclick: again }, count > 1 ? `Remove photo ${number + 1}` : "Choose another"));
}

/** The camera with an oval for the face, and what light and focus look like right now. */
async function openCamera(place, choose, guide, signal, close) {
  const line = alertLine();
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "user", width: { ideal: 1920 }, height: { ideal: 1440 } } });
  } catch (error) {
    line.tell(error.name === "NotAllowedError" ? "The camera is blocked; allow it in the browser's settings, or choose a photo." : "No camera was found; choose a photo instead.");
    return place.firstChild.append(line);
  }
  const video = el("video", { autoplay: true, playsinline: true, muted: true, "aria-label": "What the camera sees" });
  video.muted = true;
  video.srcObject = stream;
  const advice = el("p", { class: "advice", role: "status" }, "Bring your face into the oval.");
  const shoot = el("button", { type: "button", class: "shutter", "aria-label": "Take the photo" });
  const frame = el("div", { class: "camera" }, video, el("div", { class: "oval", "aria-hidden": "true" }), advice);
  const readings = el("ul", { class: "readings" });
  const stop = () => (clearInterval(timer), stream.getTracks().forEach((track) => track.stop()));
  const leave = () => (stop(), close());
  signal.addEventListener("abort", stop, { once: true });
  shoot.onclick = async () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    stop();
    choose(new File([await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.95))], "camera.jpg", { type: "image/jpeg" }));
  };
  put(place, el("div", { class: "camera-box" }, frame, readings,
    el("div", { class: "row centre" }, el("button", { type: "button", class: "quiet", onclick: leave }, "Cancel"), shoot, el("span", { class: "balance" }))));

  let told = "";
  let since = 0;
  const timer = setInterval(() => {
    if (!video.videoWidth) return;
    const failed = judgeAll(guide, measure(video, ovalIn(video, frame)));
    const next = (failed.find((check) => check.severity === "reject") ?? failed[0])?.hint ?? "Good. Hold still and take it.";
    frame.classList.toggle("ready", !failed.length);
    put(readings, ...["too_dark", "too_bright", "uneven_lighting", "blurry", "face_too_small"].map((name) => {
      const check = failed.find((failure) => failure.name === name);
      return el("li", { class: check?.severity ?? "pass" }, READINGS[name][check ? 1 : 0]);
    }));
    // A status that changes with every frame is noise to whoever hears it.
    since = next === told ? since + 1 : 0;
    told = next;
    if (since >= 2 && advice.textContent !== next) advice.textContent = next;
  }, LOOK_EVERY_MS);
  shoot.focus({ preventScroll: true });
}

const READINGS = {
  too_dark: ["Bright enough", "Too dark"],
  too_bright: ["No glare", "Glare"],
  uneven_lighting: ["Even light", "Uneven light"],
  blurry: ["Sharp", "Blurred"],
  face_too_small: ["Close enough", "Too far"],
};

/** The drawn oval in pixels of the video, which fills its frame. */
function ovalIn(video, frame) {
  const box = frame.getBoundingClientRect();
  const drawn = frame.querySelector(".oval").getBoundingClientRect();
  const scale = Math.max(box.width / video.videoWidth, box.height / video.videoHeight);
  const left = (video.videoWidth - box.width / scale) / 2;
  const top = (video.videoHeight - box.height / scale) / 2;
  const height = drawn.height / scale;
  return { x: left + (drawn.left - box.left) / scale, y: top + (drawn.top - box.top) / scale, width: height * OVAL.width, height };
}

/** Ask, send, and go to where the answer will be; who went elsewhere meanwhile stays there. */
async function begin(main, photos, wish, signal) {
  const stopped = new AbortController();
  const list = stages(wish.wants);
  const stop = (event) => {
    event.currentTarget.disabled = true;
    stopped.abort();
  };
  const picture = photos.find((photo) => photo.size)?.url;
  put(main, progressView(picture, list, stop));
  focusHeading(main);
  const told = await Promise.all(photos.map(async ({ file, type }) => ({ content_type: type, content_length: file.size, checksum_sha256: await sha256(file) })));
  const asked = await call("POST", "/v1/analyses", { ...(told.length > 1 ? { photos: told } : told[0]), ...wish });
  const sentShare = photos.map(() => 0);
  const send = ({ photo, upload_url: url, upload: target }) =>
    upload(url, target, photos[photo].file, (share) => {
      sentShare[photo] = share;
      list.sending(sentShare.reduce((sum, part) => sum + part) / photos.length);
    }, stopped.signal);
  try {
    stopped.signal.throwIfAborted();
    await Promise.all(asked.uploads.map(send));
  } catch (error) {
    stopped.abort(); // the others
    // What never arrived is not to stand in the history.
    await call("DELETE", `/v1/analyses/${asked.analysis_id}`).catch(() => {});
    throw error;
  }
  sent.set(asked.analysis_id, { url: picture, wants: wish.wants });
  if (!signal.aborted) location.hash = `#/analysis/${asked.analysis_id}`;
}
