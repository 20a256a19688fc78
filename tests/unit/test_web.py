"""The console's files: nothing from elsewhere, nothing inline, and the words of the domain."""

import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import pytest

from facet.domain.analysis import Kind
from facet.domain.style import MakeupCategory, Slot
from local.phone import CONSENT
from local.report import MONK

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
MODULES = sorted(WEB.glob("*.js"))
NAMESPACES = {"http://www.w3.org/2000/svg"}


def source(name: str) -> str:
    return (WEB / name).read_text()


def words_in(text: str, start: str) -> list[str]:
    """The quoted words of the array that follows `start`."""
    return re.findall(r'"([^"]+)"', text.partition(start)[2].partition("]")[0])


@pytest.mark.parametrize("path", sorted(WEB.iterdir()), ids=lambda path: path.name)
def test_nothing_is_fetched_from_another_host(path: Path) -> None:
    assert set(re.findall(r"https?://[^\s\"'`)]+", path.read_text())) <= NAMESPACES


def test_a_strict_content_security_policy_can_hold() -> None:
    inline: list[str] = []

    class Page(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            names = dict(attrs)
            inline.extend(name for name in names if name == "style" or name.startswith("on"))
            if tag == "style" or (tag == "script" and "src" not in names):
                inline.append(tag)

    Page().feed(source("index.html"))
    assert not inline
    for module in MODULES:
        assert not re.search(
            r"innerHTML|\beval\(|new Function|setAttribute\(\"style\"", module.read_text()
        )


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_imports_lead_to_what_is_exported(module: Path) -> None:
    for names, target in re.findall(r'import \{([^}]+)\} from "\./([^"]+)";', module.read_text()):
        exported = set(
            re.findall(
                r"^export (?:async )?(?:const|function|class) (\w+)", source(target), re.MULTILINE
            )
        )
        assert {name.strip() for name in names.split(",") if name.strip()} <= exported


def test_every_module_is_reached_from_the_page() -> None:
    reached, waiting = set(), ["app.js"]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += re.findall(r'from "\./([^"]+)"', source(name))
    assert reached == {module.name for module in MODULES}


def test_it_speaks_the_domain_s_words() -> None:
    belongings = source("belongings.js")
    categories = words_in(belongings, "const BAG_CATEGORIES = [")
    assert set(categories[categories.index("foundation") :]) == set(get_args(MakeupCategory))
    assert tuple(words_in(belongings, "slots : [")) == get_args(Slot)
    assert f'version: "{CONSENT}"' in source("capture.js")
    assert tuple(words_in(source("words.js"), "export const MONK = [")) == MONK


def test_every_kind_of_advice_is_a_row_of_one_table() -> None:
    rows = re.findall(r'\{ kind: "(\w+)"', source("kinds.js"))
    assert rows == list(Kind)
    for module in MODULES:
        if module.name != "kinds.js":
            code = module.read_text().replace('class: "outfit"', "")
            named = re.findall(rf'"(?:{"|".join(Kind)})"', code)
            assert not named, module.name


def test_the_tone_axis_has_the_limits_of_the_analysis() -> None:
    table = tomllib.loads((ROOT / "layers/shared/facet/domain/tone.toml").read_text())["ita"]
    drawn = re.findall(r'\["([\w ]+)", (-?\d+)\]', source("result.js"))
    assert [name for name, _ in drawn] == table["classes"]
    assert [float(lower) for _, lower in drawn[:-1]] == table["limits"]


def test_photos_are_judged_as_the_server_judges_them() -> None:
    """The browser's numbers of facet.vision.skin.quality, by name."""
    quality = (ROOT / "layers/shared/facet/vision/skin/quality.py").read_text()
    for name in ("BURNT", "HIGHLIGHTS", "FOCUS_EYES"):
        ours = re.search(rf"^const {name} = ([\d.]+)", source("checks.js"), re.MULTILINE)
        theirs = re.search(rf"^_{name} = ([\d.]+)", quality, re.MULTILINE)
        assert ours is not None
        assert theirs is not None
        assert float(ours[1]) == float(theirs[1]), name
