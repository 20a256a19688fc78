"""The console in Chromium, against the deployed stack: every state works, is seen and is reachable.

A screenshot of each state, on a phone and a desk, light and dark, is kept in .local/screenshots.
"""

import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    Route,
    ViewportSize,
    expect,
    sync_playwright,
)

from local.console import publish, serve
from local.phone import send
from local.stack import ROOT, LocalStack

pytestmark = pytest.mark.e2e

SHOTS = ROOT / ".local" / "screenshots"
PASSWORD = "correct horse battery"
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 860}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PATIENCE_MS = 40_000  # a first photo starts every function of the stack
expect.set_options(timeout=15_000)


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory, portrait: Image.Image) -> Path:
    """What the fake camera films: the portrait's face, upright, as motion JPEG."""
    frame = portrait.crop((96, 0, 352, 192)).resize((640, 480), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    frame.save(out, "JPEG", quality=90)
    film = tmp_path_factory.mktemp("camera") / "face.mjpeg"
    film.write_bytes(out.getvalue() * 2)
    return film


@pytest.fixture(scope="module")
def browser(chromium: str, camera: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={camera}",
            ],
        )
        yield running
        running.close()


@pytest.fixture(scope="module")
def address(stack: LocalStack) -> Iterator[str]:
    shutil.rmtree(SHOTS, ignore_errors=True)
    SHOTS.mkdir(parents=True)
    with serve(stack) as url:
        yield url


def opened(browser: Browser, address: str, errors: list[str]) -> tuple[BrowserContext, Page]:
    context = browser.new_context(viewport=PHONE, reduced_motion="reduce", permissions=["camera"])
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda message: errors.append(message.text) if "Security Policy" in message.text else None,
    )
    page.goto(address)
    return context, page


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A phone that nobody is signed in on; whatever its scripts throw fails the test."""
    errors: list[str] = []
    context, page = opened(browser, address, errors)
    yield page
    context.close()
    assert not errors


@pytest.fixture(scope="module")
def result(browser: Browser, address: str, photo_file: Path) -> Iterator[Page]:
    """A signed-in phone that shows the result of its first photo."""
    errors: list[str] = []
    context, page = opened(browser, address, errors)
    sign_up(page)
    send_photo(page, photo_file)
    expect(page.locator(".result")).to_be_visible(timeout=PATIENCE_MS)
    yield page
    context.close()
    assert not errors


@pytest.fixture(scope="module")
def photo_file(tmp_path_factory: pytest.TempPathFactory, photo: bytes) -> Path:
    path = tmp_path_factory.mktemp("photo") / "portrait.jpg"
    path.write_bytes(photo)
    return path


def sign_up(page: Page) -> str:
    """The e-mail address of a new user, who is then signed in."""
    address = f"{uuid4()}@example.com"
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    page.get_by_label("Code").fill("123456")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="A new photo")).to_be_visible()
    return address


def send_photo(page: Page, photo: Path) -> None:
    page.locator(".drop input[type=file]").set_input_files(photo)
    expect(page.get_by_alt_text("The photo you chose")).to_be_visible()
    page.get_by_role("checkbox", name="This is a photo of me").check()
    page.get_by_role("button", name="Analyse the photo").click()


def go(page: Page, section: str, heading: str) -> None:
    page.get_by_role("navigation", name="Sections").get_by_role("link", name=section).click()
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()


def saved(page: Page, method: str, path: str) -> dict[str, Any]:
    """What the API answers to the open form's Save; the form is then gone."""
    with page.expect_response(
        lambda answer: answer.request.method == method and path in answer.url
    ) as answered:
        page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    item: dict[str, Any] = answered.value.json()
    return item


def listed(page: Page, path: str) -> list[dict[str, Any]]:
    """The user's own things, as the API lists them when the page is loaded again."""
    with page.expect_response(
        lambda answer: answer.request.method == "GET" and path in answer.url
    ) as answered:
        page.reload()
    items: list[dict[str, Any]] = answered.value.json()["items"]
    return items


def look(page: Page, name: str) -> None:
    """Keep a screenshot for either size and scheme; axe sees both sizes and both schemes once."""
    violations = []
    for size, viewport in (("phone", PHONE), ("desk", DESK)):
        page.set_viewport_size(viewport)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.screenshot(path=SHOTS / f"{name}-{size}-{scheme}.png", full_page=True)
            if (size, scheme) not in (("phone", "light"), ("desk", "dark")):
                continue
            violations += [
                f"{size} {scheme}: {rule['id']}: {rule['help']}: {node['html'][:200]}"
                for rule in Axe().run(page, options=RULES).response["violations"]
                for node in rule["nodes"]
            ]
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    sideways = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert sideways <= 0, f"the page is {sideways} px wider than a phone"
    assert not violations, "\n".join(violations)


def glance(page: Page, part: Locator, name: str) -> None:
    """Keep a screenshot of a part of a page, light on a phone and dark on a desk."""
    views: tuple[tuple[str, ViewportSize, Literal["dark", "light"]], ...]
    views = (("desk", DESK, "dark"), ("phone", PHONE, "light"))
    for size, viewport, scheme in views:
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        part.screenshot(path=SHOTS / f"{name}-{size}-{scheme}.png")


# --- signing in -----------------------------------------------------------------------------------


def test_a_password_is_proved_and_never_sent(page: Page) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    look(page, "sign-in")
    address = sign_up(page)
    before = len(sent)
    go(page, "You", "You")
    page.get_by_role("button", name="Sign out").click()

    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Password").fill("not the right words")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="A new photo")).to_be_visible()

    assert any("PASSWORD_CLAIM_SIGNATURE" in body for body in sent[before:])
    assert not any(PASSWORD in body for body in sent[before:])


def test_a_forgotten_password_is_replaced(page: Page) -> None:
    address = sign_up(page)
    go(page, "You", "You")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Forgot the password").click()
    page.get_by_label("E-mail").fill(address)
    page.get_by_role("button", name="Send the code").click()
    page.get_by_label("New password").fill("staple battery horse")
    for code in ("111111", "654321"):  # the emulator's
        page.get_by_label("Code").fill(code)
        page.get_by_role("button", name="Save it").click()
        if code == "111111":
            expect(page.get_by_role("alert")).to_contain_text("not the code")

    page.get_by_label("Password", exact=True).fill("staple battery horse")
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("heading", name="A new photo")).to_be_visible()


def test_an_authenticator_s_code_is_asked_for_where_the_account_has_one(page: Page) -> None:
    """The pool of the local stack has no second factor: its question is put in between here."""
    address = sign_up(page)
    go(page, "You", "You")
    page.get_by_role("button", name="Sign out").click()
    answers: list[bytes] = []

    def ask(route: Route) -> None:
        body = json.loads(route.request.post_data or "{}")
        if body.get("ChallengeName") == "PASSWORD_VERIFIER":
            answers.append(route.fetch().body())
            route.fulfill(json={"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s"})
        elif body.get("ChallengeName") != "SOFTWARE_TOKEN_MFA":
            route.continue_()
        elif body["ChallengeResponses"]["SOFTWARE_TOKEN_MFA_CODE"] == "654321":
            route.fulfill(body=answers[-1])
        else:
            route.fulfill(status=400, json={"__type": "CodeMismatchException"})

    page.route("http://127.0.0.1:*/", ask)
    for code in ("111111", "654321"):
        page.get_by_label("E-mail").fill(address)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_label("Code").fill(code)
        page.get_by_role("button", name="Continue").click()
        if code == "111111":
            expect(page.get_by_role("alert")).to_contain_text("not the code")

    expect(page.get_by_role("heading", name="A new photo")).to_be_visible()


def test_a_session_is_renewed_and_outlives_a_reload(page: Page) -> None:
    sent: list[str] = []
    sign_up(page)
    page.on("request", lambda request: sent.append(request.post_data or ""))
    page.evaluate(
        """() => {
          const kept = JSON.parse(sessionStorage.getItem("facet.tokens"));
          const [head, body, sign] = kept.id.split(".");
          const old = JSON.stringify({...JSON.parse(atob(body)), exp: 1});
          sessionStorage.setItem("facet.tokens",
            JSON.stringify({...kept, id: [head, btoa(old), sign].join(".")}));
        }"""
    )

    page.reload()

    expect(page.get_by_role("heading", name="A new photo")).to_be_visible()
    assert any("REFRESH_TOKEN_AUTH" in body for body in sent)


def test_keys_alone_reach_everything_in_order(page: Page) -> None:
    names = []
    for _ in range(7):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate(
                """() => document.activeElement.labels?.[0]?.textContent
                      ?? document.activeElement.textContent.trim()"""
            )
        )

    assert names == [
        *("Skip to the content", "facet", "E-mail", "Password"),
        *("Sign in", "Create an account", "Forgot the password"),
    ]


def test_who_is_offline_is_told_and_can_try_again(page: Page) -> None:
    sign_up(page)
    page.context.set_offline(True)
    page.get_by_role("link", name="Bag").click()
    expect(page.get_by_text("The service cannot be reached")).to_be_visible()

    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("heading", name="Your bag")).to_be_visible()


def test_only_the_page_and_the_api_are_served(address: str) -> None:
    for path in ("/../README.md", "/%2e%2e/README.md", "/nothing.js", "//etc/passwd"):
        assert send("GET", address + path).status == 404, path
    page = send("GET", address + "/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert send("GET", address + "/v1/health/live").body["status"] == "ok"
    assert send("POST", address + "/index.html", b"{}").status == 404


# --- a photo --------------------------------------------------------------------------------------


def test_what_is_no_photo_is_refused_before_it_is_sent(page: Page, tmp_path: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    sign_up(page)
    (tmp_path / "letter.jpg").write_text("Dear reader, this is no photo.")

    page.locator(".drop input[type=file]").set_input_files(tmp_path / "letter.jpg")

    expect(page.locator(".checks")).to_contain_text("Send a still JPEG, PNG, WebP or HEIC photo.")
    page.get_by_role("checkbox", name="This is a photo of me").check()
    page.get_by_role("button", name="Analyse the photo").click()
    expect(page.get_by_role("alert")).to_contain_text("would be refused")
    assert not [
        request
        for request in asked
        if request.startswith("POST") and request.endswith("/v1/analyses")
    ]


def test_three_photos_are_sent_together_and_each_is_told_of(
    page: Page, photo_file: Path, portrait: Image.Image, tmp_path: Path
) -> None:
    sign_up(page)
    portrait.rotate(2).save(tmp_path / "turned.jpg", quality=92)
    portrait.point(lambda value: value // 16).save(tmp_path / "dark.jpg", quality=95)
    page.locator(".drop input[type=file]").set_input_files(photo_file)
    for file in ("turned.jpg", "dark.jpg"):
        page.get_by_role("button", name="Add another photo").click()
        page.locator(".drop input[type=file]").set_input_files(tmp_path / file)
    expect(page.get_by_alt_text("Photo 3 of 3")).to_be_visible()
    expect(page.get_by_role("button", name="Add another photo")).to_have_count(0)
    look(page, "three")

    page.get_by_role("checkbox", name="This is a photo of me").check()
    page.get_by_role("button", name="Analyse the photo").click()

    expect(page.locator(".result")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("Photo 3: left out.")).to_be_visible()


def test_nothing_is_sent_without_consent(page: Page, photo_file: Path) -> None:
    sign_up(page)
    look(page, "new")
    page.locator(".drop input[type=file]").set_input_files(photo_file)
    expect(page.get_by_alt_text("The photo you chose")).to_be_visible()
    look(page, "chosen")

    page.get_by_role("button", name="Analyse the photo").click()

    expect(page.get_by_role("alert")).to_contain_text("agree first")


def test_the_camera_is_judged_by_the_capture_guide(page: Page) -> None:
    sign_up(page)

    page.get_by_role("button", name="Use the camera").click()

    expect(page.locator(".readings li")).to_have_count(5)
    expect(page.locator(".advice")).not_to_have_text("Bring your face into the oval.")
    look(page, "camera")
    page.get_by_role("button", name="Take the photo").click()
    expect(page.get_by_alt_text("The photo you chose")).to_be_visible()
    assert page.evaluate("document.querySelector('.preview img').naturalWidth") == 640


def test_every_stage_is_shown_as_it_happens(page: Page, photo_file: Path, result: Page) -> None:
    """`result` has warmed the functions up, so stages are as short as they get."""
    sign_up(page)
    page.evaluate(
        """() => {
          window.stages = [];
          new MutationObserver(() => {
            const now = document.querySelector(".stage.now")?.dataset.stage;
            if (now && window.stages.at(-1) !== now) window.stages.push(now);
          }).observe(document.body, {subtree: true, childList: true, attributes: true});
        }"""
    )
    send_photo(page, photo_file)
    look_at = page.locator(".stages")
    expect(look_at).to_be_visible()
    page.screenshot(path=SHOTS / "progress-phone-light.png")
    expect(page.locator(".result")).to_be_visible(timeout=PATIENCE_MS)

    stages = page.evaluate("window.stages")
    assert stages[0] == "awaiting_upload"
    assert stages == [
        stage for stage in ("awaiting_upload", "analyzing", "recommending") if stage in stages
    ]
    expect(page.locator("#said")).to_have_text("Your result is ready.")


def test_an_upload_can_be_stopped_and_leaves_nothing(page: Page, photo_file: Path) -> None:
    sign_up(page)
    page.route(re.compile("/faces/"), lambda _: None)  # it never gets through
    send_photo(page, photo_file)
    expect(page.locator(".stage.now")).to_contain_text("Sending your photo")

    page.get_by_role("button", name="Stop and delete the photo").click()

    expect(page.get_by_alt_text("The photo you chose")).to_be_visible()
    go(page, "History", "History")
    expect(page.get_by_text("No photo yet")).to_be_visible()


def test_a_refused_photo_says_all_that_helps(
    page: Page, portrait: Image.Image, tmp_path: Path
) -> None:
    sign_up(page)
    portrait.point(lambda value: value // 16).save(tmp_path / "dark.jpg", quality=95)

    send_photo(page, tmp_path / "dark.jpg")

    expect(page.get_by_role("heading", name="This photo will not do")).to_be_visible(
        timeout=PATIENCE_MS
    )
    expect(page.locator(".checks .reject").first).to_be_visible()
    look(page, "failed")
    page.get_by_role("link", name="Take another photo").click()
    expect(page.get_by_role("heading", name="A new photo")).to_be_visible()


# --- the result -----------------------------------------------------------------------------------


def test_a_result_shows_everything_it_measured_and_advises(result: Page) -> None:
    for part in ("In plain words", "Skin tone", "Skin", "Colours and shape"):
        expect(result.get_by_role("region", name=part, exact=True)).to_be_visible()
    for part in ("Your routine", "Looks", "Outfits", "The photo", "About this result"):
        expect(result.get_by_role("region", name=part, exact=True)).to_be_visible()
    tone = result.get_by_role("region", name="Skin tone")
    expect(tone).to_contain_text(re.compile(r"ITA -?\d+°, between -?\d+° and -?\d+°"))
    routine = result.get_by_role("region", name="Your routine")
    assert routine.locator(".steps > li").count() >= 4
    look(result, "result")


def test_a_measure_is_outlined_where_it_was_taken(result: Page) -> None:
    skin = result.get_by_role("region", name="Skin", exact=True)
    skin.get_by_role("radio", name=re.compile("^Redness")).check()

    expect(skin.get_by_role("img", name=re.compile("^Redness by region: .*cheek"))).to_be_visible()
    assert skin.locator(".outlines polygon").count() >= 2


def test_a_map_lies_over_the_photo_with_its_legend(result: Page) -> None:
    skin = result.get_by_role("region", name="Skin", exact=True)
    skin.get_by_role("radio", name=re.compile("^Redness")).check()

    skin.get_by_role("checkbox", name="Map").check()

    expect(skin.locator("image.overlay")).to_have_attribute(
        "href", re.compile("overlays/.*redness"), timeout=PATIENCE_MS
    )
    assert skin.locator(".legend .dot").count() >= 1
    glance(result, skin, "map")
    skin.get_by_role("checkbox", name="Map").uncheck()


def test_what_helps_a_concern_is_looked_up(result: Page) -> None:
    skin = result.get_by_role("region", name="Skin", exact=True)
    skin.get_by_role("radio", name=re.compile("^Dullness")).check()

    skin.get_by_text("What helps with dullness").click()

    expect(skin.locator("details .plain b").first).to_be_visible()
    expect(skin.locator("details .plain")).to_contain_text("dullness")


def test_a_look_is_drawn_in_shades_of_one_s_own(result: Page) -> None:
    looks = result.get_by_role("region", name="Looks")
    looks.get_by_text("Try other shades").first.click()
    looks.get_by_label("Colour of lip").first.fill("#8c1c2b")

    looks.get_by_role("button", name="Draw it").first.click()

    expect(result.get_by_role("slider", name="Before and after: Your shades")).to_be_visible(
        timeout=PATIENCE_MS
    )
    expect(looks.get_by_role("heading", name="Drawn in your shades")).to_be_visible()
    glance(result, looks, "shades")
    looks.get_by_role("button", name="Delete", exact=True).click()
    expect(looks.get_by_role("heading", name="Drawn in your shades")).to_be_hidden()


def test_before_and_after_is_moved_with_keys(result: Page) -> None:
    slider = result.get_by_role("slider", name=re.compile("^Before and after"))
    expect(slider.first).to_be_visible(timeout=PATIENCE_MS)
    slider.first.focus()

    result.keyboard.press("End")

    expect(slider.first).to_have_attribute("aria-valuetext", "0 % of the look")
    drawn = slider.first.locator("xpath=..").locator("img").first
    assert drawn.evaluate("picture => picture.complete && picture.naturalWidth > 0")


def test_feedback_is_kept(result: Page) -> None:
    routine = result.get_by_role("region", name="Your routine")

    routine.get_by_role("button", name="Yes").click()

    expect(routine.get_by_role("button", name="Yes")).to_have_attribute("aria-pressed", "true")


def test_history_holds_every_photo_and_how_each_measure_moved(
    page: Page, photo_file: Path, portrait: Image.Image, tmp_path: Path
) -> None:
    sign_up(page)
    portrait.resize((640, 640)).save(tmp_path / "later.jpg", quality=95)
    for path in (photo_file, tmp_path / "later.jpg"):
        send_photo(page, path)
        expect(page.locator(".result")).to_be_visible(timeout=PATIENCE_MS)
        go(page, "Photo", "A new photo")

    go(page, "History", "History")

    expect(page.locator(".photos li")).to_have_count(2)
    page.get_by_label("Measure", exact=True).select_option("redness")
    chart = page.get_by_role("group", name=re.compile("^Redness"))
    assert chart.get_by_role("link").count() == 2
    expect(page.locator(".verdict")).to_contain_text("noise")
    look(page, "history")
    page.locator(".photos a").first.click()
    page.get_by_role("button", name="Delete this result").click()
    page.screenshot(path=SHOTS / "delete-phone-light.png")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator(".photos li")).to_have_count(1)


# --- what a person owns and told ------------------------------------------------------------------


def test_a_product_is_put_into_the_bag_changed_and_taken_out(page: Page) -> None:
    sign_up(page)
    go(page, "Bag", "Your bag")
    page.get_by_role("button", name="Add a product").click()
    page.get_by_label("Name").fill("Brick lipstick")
    page.get_by_label("What is it?").select_option("lip")
    page.get_by_label("Colour").fill("#a5483c")
    look(page, "bag-add")
    page.get_by_role("button", name="Save").click()
    lipstick = page.get_by_role("button", name=re.compile("Brick lipstick"))
    expect(lipstick).to_contain_text("#a5483c")
    look(page, "bag")

    lipstick.click()
    page.get_by_label("Name").fill("Rust lipstick")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name=re.compile("Rust lipstick"))).to_be_visible()
    page.get_by_role("button", name=re.compile("Rust lipstick")).click()
    page.get_by_role("button", name="Remove").click()

    expect(page.get_by_text("Add what stands on your shelf")).to_be_visible()


def test_a_colour_is_a_product_s_only_once_somebody_chose_it(page: Page) -> None:
    sign_up(page)
    go(page, "Bag", "Your bag")
    page.get_by_role("button", name="Add a product").click()
    page.get_by_label("Name").fill("Some lipstick")
    page.get_by_label("What is it?").select_option("lip")
    expect(page.locator("span", has_text="Not told")).to_be_visible()  # beside the colour
    look(page, "bag-add-untold")
    item = saved(page, "PUT", "/v1/bag/")
    assert "shade" not in item
    assert (item["name"], item["category"]) == ("Some lipstick", "lip")

    lipstick = page.get_by_role("button", name=re.compile("Some lipstick"))
    lipstick.click()
    expect(page.locator("span", has_text="Not told")).to_be_visible()  # beside the colour
    page.get_by_label("Colour").fill("#8c1c2b")
    assert saved(page, "PUT", "/v1/bag/")["shade"] == "#8c1c2b"

    expect(lipstick).to_contain_text("#8c1c2b")
    lipstick.click()
    expect(page.get_by_label("Colour")).to_have_value("#8c1c2b")
    page.get_by_role("button", name="No colour").click()
    assert "shade" not in saved(page, "PUT", "/v1/bag/")


def test_a_product_is_found_in_the_catalogue_and_kept(page: Page) -> None:
    sign_up(page)
    go(page, "Bag", "Your bag")
    page.get_by_role("button", name="Add a product").click()
    page.get_by_label("Find it in the catalogue").press_sequentially("niacinamide")
    hits = page.get_by_role("dialog").locator(".hits button")
    expect(hits).to_have_count(5)
    expect(page.get_by_role("dialog")).not_to_contain_text(re.compile("undefined", re.IGNORECASE))
    look(page, "bag-search")
    expect(hits.first).to_contain_text(re.compile("niacinamide", re.IGNORECASE))

    hits.first.click()

    name = page.get_by_label("Name").input_value()
    item = saved(page, "PUT", "/v1/bag/")
    assert item["name"] == name
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", item["product_id"])
    expect(page.get_by_role("button", name=re.compile(re.escape(name)))).to_be_visible()
    assert listed(page, "/v1/bag")[0]["product_id"] == item["product_id"]


def test_a_garment_without_photo_needs_a_colour_somebody_chose(page: Page) -> None:
    sign_up(page)
    go(page, "Wardrobe", "Your wardrobe")
    page.get_by_role("button", name="Add a garment").click()
    page.get_by_label("What is it?").fill("shirt")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Give the garment's colours, or a photo")
    look(page, "wardrobe-untold")

    page.get_by_label("Colour").fill("#1f6f6b")
    garment = saved(page, "POST", "/v1/wardrobe")
    assert garment["colours"] == [{"hex": "#1f6f6b", "share": 1}]

    page.get_by_role("button", name=re.compile("Shirt")).click()
    page.get_by_label("Colour").fill("#aa3311")
    page.get_by_role("button", name="As before").click()
    assert saved(page, "PUT", "/v1/wardrobe/")["colours"] == garment["colours"]


def test_a_garment_s_colours_are_read_from_its_photo(page: Page, tmp_path: Path) -> None:
    sign_up(page)
    shirt = Image.new("RGB", (600, 600), "#f2f2f0")
    shirt.paste("#1f6f6b", (140, 90, 460, 540))
    shirt.save(tmp_path / "shirt.png")
    go(page, "Wardrobe", "Your wardrobe")
    page.get_by_role("button", name="Add a garment").click()
    page.get_by_label("Photo").set_input_files(tmp_path / "shirt.png")
    page.get_by_label("Name").fill("Teal shirt")
    page.get_by_label("What is it?").fill("shirt")
    look(page, "wardrobe-add")
    page.get_by_role("button", name="Save").click()

    garment = page.get_by_role("button", name=re.compile("Teal shirt"))
    expect(garment.locator("img")).to_be_visible(timeout=PATIENCE_MS)
    look(page, "wardrobe")
    garment.click()
    red, green, blue = bytes.fromhex(page.get_by_label("Colour").input_value()[1:])
    assert green > red + 40
    assert blue > red + 40


def test_a_profile_is_told_exported_and_erased(page: Page) -> None:
    address = sign_up(page)
    go(page, "You", "You")
    page.get_by_label("Skin type").select_option("dry")
    guardian = page.get_by_text("I am a parent or guardian")
    expect(guardian).to_be_hidden()
    page.locator("[name=age_band]").select_option("13_17")
    guardian.click()
    page.get_by_label("Allergies").fill("lanolin, fragrence, moondust")
    page.get_by_role("button", name="fragrance", exact=True).click()
    expect(page.get_by_label("Allergies")).to_have_value("lanolin, fragrance, moondust")
    page.get_by_role("button", name="Not in cosmetics").click()
    expect(page.get_by_text("moondust: not in cosmetics, as you told us.")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_label("Allergies")).to_have_value("lanolin, fragrance, moondust")
    expect(page.get_by_text("moondust: not in cosmetics, as you told us.")).to_be_visible()
    expect(page.locator("[name=age_band]")).to_have_value("13_17")
    expect(page.locator("[name=guardian]")).to_be_checked()
    look(page, "you")

    page.get_by_role("button", name="Export everything").click()
    link = page.get_by_role("link", name="Download the ZIP")
    expect(link).to_be_visible(timeout=PATIENCE_MS)
    got = page.request.get(link.get_attribute("href") or "")
    assert got.body()[:2] == b"PK"

    page.get_by_role("button", name="Delete my account").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete everything").click()
    expect(page.get_by_role("button", name="Create an account")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0
    assert address


# --- in AWS ---------------------------------------------------------------------------------------


def test_the_hosted_page_is_published_with_its_configuration(stack: LocalStack) -> None:
    """The emulator makes the bucket and the distribution, and serves neither."""
    cloudformation, s3 = stack.client("cloudformation"), stack.client("s3")
    parameters = {
        "Stage": "dev",
        "RootStack": "facet-e2e",
        "ApiId": "abc",
        "ApiStage": "api",
        "UploadsBucket": stack.outputs["UploadsBucketName"],
        "MediaBucket": stack.outputs["MediaBucketName"],
    }
    cloudformation.create_stack(
        StackName="facet-e2e-console",
        TemplateBody=(ROOT / "infra" / "console.yaml").read_text(),
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="facet-e2e-console", WaiterConfig={"Delay": 1}
    )
    (nested,) = cloudformation.describe_stacks(StackName="facet-e2e-console")["Stacks"]
    made = {f"Console{out['OutputKey']}": out["OutputValue"] for out in nested["Outputs"]}

    publish(stack.outputs | made, "https://cognito", s3, stack.client("cloudfront"))

    bucket = made["ConsoleBucketName"]
    page = s3.get_object(Bucket=bucket, Key="index.html")
    assert page["ContentType"] == "text/html; charset=utf-8"
    assert s3.head_object(Bucket=bucket, Key="app.js")["ContentType"].startswith("text/javascript")
    config = json.loads(s3.get_object(Bucket=bucket, Key="config.json")["Body"].read())
    assert config == {
        "api": "",
        "cognito": "https://cognito",
        "pool_id": stack.outputs["UserPoolId"],
        "client_id": stack.outputs["UserPoolClientId"],
    }
