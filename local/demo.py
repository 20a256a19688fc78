"""One photo through the whole pipeline, told as a person would want to hear it.

`python -m local.demo [PHOTO]` starts the local stack if it does not run, and leaves it running so
that the next photo takes seconds. The new user owns what `local/sample_belongings.json` makes up:
there has to be something to make a look and an outfit of. Writes `.demo/result.json` and
`.demo/report.html`.
"""

import argparse
import json
import mimetypes
import signal
import sys
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from facet.domain.analysis import Kind
from local.phone import Phone, PipelineError, send, sign_in
from local.report import Pictures, by_score, headline, limit, measured, render, tone_line, words
from local.stack import ROOT, LocalStack, StackError, console, step

OUT = ROOT / ".demo"
SAMPLE = Path(__file__).with_name("sample_belongings.json")
GOALS = "dullness dryness"
OCCASION = "dinner"
CELSIUS = 12.0
PICTURES_SECONDS = 30  # that drawing them may take, first calls included
TOP = 3  # concerns that the terminal names
REJECTED = 2  # exit code: the pipeline works, this photo does not
STATES = {
    "awaiting_upload": "Waiting for the photo to arrive",
    "analyzing": "Measuring the face",
    "recommending": "Making the advice",
}

Document = dict[str, Any]
say = Console(highlight=False)


def default_photo() -> Path:
    """A public-domain portrait: NASA's photo of Eileen Collins, as scikit-image ships it."""
    from PIL import Image  # noqa: PLC0415 only where no photo is given
    from skimage import data  # noqa: PLC0415

    OUT.mkdir(exist_ok=True)
    path = OUT / "astronaut.jpg"
    Image.fromarray(data.astronaut()).save(path, quality=95)  # type: ignore[no-untyped-call]
    return path


def own_samples(phone: Phone) -> None:
    """Put the made-up bag and wardrobe into the signed-in user's own."""
    sample = json.loads(SAMPLE.read_text())
    for place in ("bag", "wardrobe"):
        for item_id, thing in sample[place].items():
            phone.call("PUT", f"/v1/{place}/{item_id}", thing).expect(201)


def run(
    stack: LocalStack, photo: Path, **wishes: Any
) -> tuple[Document, dict[str, float], Pictures]:
    """(terminal result document, seconds spent in each state, every picture of it)."""
    data = photo.read_bytes()
    content_type = mimetypes.guess_type(photo.name)[0] or "image/jpeg"
    with step("Signing a new user up and in"):
        phone = sign_in(stack, f"{uuid.uuid4()}@example.com")
    with step("Lending them a sample bag and wardrobe"):
        own_samples(phone)
    with step("Asking whether the API is ready"):
        phone.call("GET", "/v1/health/ready").expect(200)
    with step("Asking for an upload URL"):
        asked = phone.ask(data, content_type, **wishes).expect(201)
    with step(f"Uploading {photo.name}, {len(data) / 1e6:.1f} MB"):
        phone.upload(asked, data).expect(200)
    document, seconds = follow(phone, asked["analysis_id"])
    with step("Fetching the pictures"):
        pictures = pictures_of(phone, document)
    console.print(f"[bold]{document['status']}[/] [dim]in {seconds['total']:.1f} s[/]\n")
    return document, seconds, pictures


def follow(phone: Phone, analysis_id: str) -> tuple[Document, dict[str, float]]:
    """Poll to the end, showing each state; then wait for thumbnails and looks to be drawn."""
    begun = entered = time.monotonic()
    state = "awaiting_upload"
    seconds: dict[str, float] = {}

    with console.status(STATES[state]) as status:

        def seen(document: Document) -> None:
            nonlocal state, entered
            if document["status"] == state:
                return
            now = time.monotonic()
            seconds[state] = now - entered
            console.print(f"[green]✓[/] {STATES[state]} [dim]{seconds[state]:.1f} s[/]")
            state, entered = document["status"], now
            status.update(STATES.get(state, "Finishing"))

        document = phone.poll(analysis_id, seen=seen)
        seconds["total"] = time.monotonic() - begun
        if document["status"] == "completed":
            status.update("Waiting for the pictures")
            patience = time.monotonic() + PICTURES_SECONDS
            while not _all_drawn(document) and time.monotonic() < patience:
                time.sleep(0.2)
                document = phone.poll(analysis_id)
    return document, seconds


def _all_drawn(document: Document) -> bool:
    looks = {look["status"] for look in document["looks"]}
    return "optimized_url" in document["photo"] and "rendering" not in looks


def pictures_of(phone: Phone, document: Document) -> Pictures:
    """The photo, a before and after of each look, and where each concern is."""
    looks = [fetched(look.get("before_after_url")) for look in document.get("looks", ())]
    concerns = (document.get("skin") or {}).get("concerns", ())
    overlays = {}
    for concern in concerns:
        if "overlay_url" in concern:
            answer = phone.call("GET", concern["overlay_url"])
            if answer.status == HTTPStatus.OK:
                overlays[concern["name"]] = send("GET", answer.body["url"]).data
    return Pictures(fetched((document.get("photo") or {}).get("optimized_url")), looks, overlays)


def fetched(url: str | None) -> bytes | None:
    return send("GET", url).data if url else None


def tell(document: Document) -> None:
    """Print the answer, or why there is none."""
    say.print(f"[bold]{headline(document)}[/]")
    if failure := document.get("failure"):
        say.print(f"{failure['message']} [dim]({failure['code']})[/]")
        tell_checks(failure["checks"])
        return
    tell_checks(document["quality"]["checks"])
    tone = document["skin"]["tone"]
    monk = ", ".join(f"{share['tone']} ({share['share']:.0%})" for share in tone["monk"][:3])
    say.print(f"\n[on {tone['hex']}]        [/]  {tone_line(tone)}")
    say.print(f"          Monk Skin Tone {monk}")
    told = document["telling"]
    for part in ("tone", "undertone", "index"):
        if part in told:
            say.print(f"          {told[part]}")
    for sentence in told["settle"]:
        say.print(f"          [dim]{sentence}[/]")
    tell_skin(document)
    for kind in Kind:
        if kind in document["recommendations"]:
            TELL.get(kind, tell_elsewhere(kind))(document["recommendations"][kind])


def tell_checks(checks: list[dict[str, Any]]) -> None:
    """A table of the photo gates that fired; nothing without any."""
    if not checks:
        return
    table = Table(box=None, header_style="dim", padding=(0, 3, 0, 0))
    for heading in ("", "Measured", "Limit", "What helps"):
        table.add_column(heading)
    for check in checks:
        mark = "[red]✗[/]" if check["severity"] == "reject" else "[yellow]![/]"
        name = f"{mark} {words(check['code'])}"
        table.add_row(name, measured(check), limit(check), check["hint"])
    say.print(table)


def tell_skin(document: Document) -> None:
    """The measures with the lowest scores, and how many the photo did not carry."""
    concerns = by_score(document)
    if concerns:
        table = Table(box=None, header_style="dim", padding=(0, 3, 0, 0))
        for heading in ("Skin, lowest first", "Measured", "Score of 100", "", "Confidence"):
            table.add_column(heading)
        for concern in concerns[:TOP]:
            score, confidence = f"{concern['score']:.0f}", f"{concern['confidence']:.0%}"
            name, band = words(concern["name"]), concern["band"]
            table.add_row(name, measured(concern), score, band, confidence)
        say.print()
        say.print(table)
    if missing := len(document["skin"]["concerns"]) - len(concerns):
        say.print(f"{missing} not measured on this photo; the report says why", style="dim")


def tell_look(makeup: dict[str, Any]) -> None:
    """The first look in one line a step."""
    if makeup["status"] == "failed" or not makeup["looks"]:
        say.print(f"\nNo look: {makeup.get('message', 'nothing to make one of')}")
        return
    look = makeup["looks"][0]
    say.print(f"\n[bold]Look[/]  {look['name']} [dim]confidence {look['confidence']:.0%}[/]")
    for number, makeup_step in enumerate(look["steps"], start=1):
        whose = "yours" if makeup_step.get("item_id") else "to find"
        shade, product = makeup_step["hex"], f"{makeup_step['category']}: {makeup_step['name']}"
        say.print(f"{number:>3} [on {shade}]    [/] {product} [dim]{shade}, {whose}[/]")


def tell_outfit(outfit: dict[str, Any]) -> None:
    """The first outfit."""
    if outfit["status"] == "failed" or not outfit["outfits"]:
        say.print(f"\nNo outfit: {outfit.get('message', 'nothing to wear goes with this')}")
        return
    first = outfit["outfits"][0]
    items = ", ".join(f"[on {item['hex']}]  [/] {item['name']}" for item in first["items"])
    occasion, confidence = words(first["occasion"]), first["confidence"]
    say.print(f"\n[bold]Outfit[/]  {occasion} [dim]confidence {confidence:.0%}[/]")
    say.print(f"    {items}")
    say.print(f"Look and outfit use {SAMPLE.relative_to(ROOT)}, which is made up.", style="dim")


def tell_skincare(skincare: dict[str, Any]) -> None:
    """The routine as a table, and what to know about it."""
    if skincare["status"] == "failed":
        say.print(f"\nNo routine: {skincare['message']} [dim]({skincare['code']})[/]")
        return
    table = Table(box=None, header_style="dim", padding=(0, 3, 0, 0), title_justify="left")
    for heading in ("", "Product", "How often", "Why"):
        table.add_column(heading)
    for name, steps in (("Morning", skincare["am"]), ("Evening", skincare["pm"])):
        table.add_section()
        table.add_row(f"[bold]{name}[/]")
        for number, care in enumerate(steps, start=1):
            new = " [yellow]new[/]" if care["new"] else ""
            product, why = care["product"]["name"] + new, care["why"][0]["text"]
            table.add_row(f"{number} {care['step']}", product, care["how_often"], why)
    say.print()
    say.print(table)
    for note in (*skincare["see_doctor"], *skincare["notes"]):
        say.print(f"• {note['text']}", style="dim")


def tell_elsewhere(kind: str) -> Callable[[Document], None]:
    """For a kind that the terminal does not draw."""
    return lambda _: say.print(f"\n[bold]{words(kind)}[/]  in the report")


TELL = {Kind.SKINCARE: tell_skincare, Kind.MAKEUP: tell_look, Kind.OUTFIT: tell_outfit}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.demo", description=__doc__)
    parser.add_argument("photo", type=Path, nargs="?", help="any photo; a portrait if left out")
    parser.add_argument("--goals", default=GOALS, help="what to work on (%(default)s)")
    parser.add_argument("--occasion", default=OCCASION, help="of look and outfit (%(default)s)")
    parser.add_argument("--celsius", type=float, default=CELSIUS, help="outdoors (%(default)s)")
    parser.add_argument("--rain", action="store_true")
    options = parser.parse_args()
    photo = options.photo
    # A terminated demo cleans up as an interrupted one does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    stack = LocalStack()
    was_up = stack.healthy()
    OUT.mkdir(exist_ok=True)
    for name in ("result.json", "report.html"):  # never an older photo's
        (OUT / name).unlink(missing_ok=True)
    try:
        if photo is not None and not photo.is_file():
            raise PipelineError(f"There is no photo at {photo}.")
        stack.up()
        document, seconds, pictures = run(
            stack,
            photo or default_photo(),
            wants=[*Kind],
            goals=options.goals.split(),
            occasion=options.occasion,
            weather={"temperature_c": options.celsius, "rain": options.rain},
        )
    except (StackError, PipelineError) as error:
        console.print(f"✗ {error}", style="red", markup=False)
        if isinstance(error, PipelineError) and stack.state:
            console.print(f"What the functions said: {stack.home / 'ministack.log'}", style="dim")
        return 1
    except (KeyboardInterrupt, SystemExit):
        if not was_up:
            stack.stop()
        console.print("Interrupted; what this demo started is stopped.")
        return 130
    (OUT / "result.json").write_text(json.dumps(document, indent=2) + "\n")
    (OUT / "report.html").write_text(
        render(document, seconds, pictures, sample=str(SAMPLE.relative_to(ROOT)))
    )
    tell(document)
    here = OUT.relative_to(ROOT)
    say.print(f"\nMore of it: {here}/report.html, {here}/result.json")
    say.print(
        "[dim]The stack stays up for the next photo: make demo PHOTO=path. End it: make down[/]"
    )
    return 0 if document["status"] == "completed" else REJECTED


if __name__ == "__main__":
    sys.exit(main())
