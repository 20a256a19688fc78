"""What a soak says of itself: nothing that broke is left out, and the plot shows every worker."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.soaked import (
    BEGIN,
    EMULATOR,
    END,
    Person,
    Sent,
    Soak,
    Worker,
    as_json,
    broken,
    plot,
    published,
    tables,
)

SVG = "{http://www.w3.org/2000/svg}"
PAGE = Path(__file__).parents[3] / "docs" / "reliability.md"


def level(mb: float, begin: int = 0, end: int = 800) -> list[tuple[float, float]]:
    return [(float(at), mb) for at in range(begin, end, 5)]


KEPT = Soak(
    about="2 cores",
    minutes=10,
    capacity=60,
    rate=30,
    phases={"capacity": (30, 90), "steady": (100, 700), "burst": (700, 730)},
    drained=20,
    sent=[
        Sent("capacity", 60, 1.0, "completed"),
        Sent("steady", 200, 1.5, "completed"),
        Sent("steady", 210, 0.5, "failed no_face"),
        Sent("burst", 710, 0.1, "start 502"),
    ],
    workers=[
        Worker("AnalyzeFunction", level(160)),
        Worker("AnalyzeFunction", level(120, 700, 800)),
        Worker("TryOnFunction", level(140)),
        Worker(EMULATOR, [(at, 100 + at) for at, _ in level(0)]),
    ],
    people=[
        Person(2, {"completed": 2, "failed": 1}, {"outfit partial": 2, "look completed": 2}),
        Person(0, {"expired": 1}),
    ],
    queues={"RecommendQueue": 0, "RecommendDlq": 0},
    swept={"expired upload_expired": 1},
    killed={"Presign": 1},
)


def parsed(soak: Soak) -> ElementTree.Element:
    return ElementTree.fromstring(plot(soak))  # noqa: S314


def row(text: str, first: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"| {first} "))


def test_a_soak_that_kept_everything_breaks_nothing() -> None:
    assert broken(KEPT) == []
    assert "Kept: all of it." in tables(KEPT)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"queues": {"RecommendQueue": 0, "RecommendDlq": 3}}, "RecommendDlq holds 3"),
        ({"people": [Person(3, {"completed": 2})]}, "person 0: 3 used, 2 completed"),
        ({"people": [Person(0, {"analyzing": 1})]}, "1 analyses are still analyzing"),
        (
            {"people": [Person(1, {"completed": 1}, {"look rendering": 1})]},
            "1 x look rendering",
        ),
        (
            {"people": [Person(1, {"completed": 1}, {"thumbnail missing": 1})]},
            "1 x thumbnail missing",
        ),
    ],
)
def test_what_was_not_kept_is_told(changed: dict[str, object], told: str) -> None:
    soak = replace(KEPT, **changed)  # type: ignore[arg-type]

    (line,) = broken(soak)

    assert told in line
    assert f"**Not kept:** {line}" in tables(soak)


def test_quotas_that_are_exact_together_and_not_one_by_one_are_told() -> None:
    soak = replace(KEPT, people=[Person(2, {"completed": 1}), Person(0, {"completed": 1})])

    assert len(broken(soak)) == 2


def test_a_worker_that_grows_is_told_and_the_emulator_is_not() -> None:
    grows = Worker("ApiFunction", [(at, 80 + at / 10) for at, _ in level(0)])
    soak = replace(KEPT, workers=[*KEPT.workers, grows])

    (line,) = broken(soak)

    assert "ApiFunction" in line
    assert row(tables(soak), "Api") == "| Api | 1 | 120 | +45.5 | 160 |"


def test_a_worker_of_the_burst_alone_says_nothing_of_growth() -> None:
    late = Worker("ApiFunction", [(at, at) for at, _ in level(0, 700, 800)])

    assert late.growth(*KEPT.phases["steady"]) is None
    assert "ApiFunction" not in replace(KEPT, workers=[late]).growth()


def test_a_soak_in_which_no_worker_lived_long_enough_is_told() -> None:
    (line,) = broken(replace(KEPT, workers=[Worker("ApiFunction", level(80, 650, 800))]))

    assert "no worker" in line


def test_one_large_sample_is_no_growth() -> None:
    worker = Worker("ApiFunction", [*level(80, 0, 690), (695.0, 400.0)])

    assert worker.growth(*KEPT.phases["steady"]) == 0


def test_the_table_says_how_each_phase_ended() -> None:
    text = tables(KEPT)

    assert row(text, "steady") == "| steady | 2 | 1 completed, 1 failed no_face | 1.0 s | 1.4 s |"
    assert row(text, "burst") == "| burst | 1 | 1 start 502 |  |  |"
    assert "1 Presign" in row(text, "workers killed at their timeout")


def test_the_plot_draws_each_worker_and_names_each_function_once() -> None:
    drawn = parsed(KEPT)

    assert len(drawn.findall(f"{SVG}polyline")) == 3
    labels = [it.text for it in drawn.iter(f"{SVG}text") if "label" in it.get("class", "")]
    assert sorted(labels, key=str) == ["Analyze", "TryOn"]
    assert len([it for it in drawn.iter(f"{SVG}rect") if it.get("class") == "bar"]) == 2
    assert "prefers-color-scheme: dark" in plot(KEPT)


def test_names_in_the_plot_do_not_cover_each_other() -> None:
    alike = [Worker(f"{name}Function", level(100)) for name in "ABCDEFG"]

    drawn = parsed(replace(KEPT, workers=alike))

    heights = [
        float(it.get("y", "")) for it in drawn.iter(f"{SVG}text") if "label" in it.get("class", "")
    ]
    assert heights == sorted(heights)
    assert all(low - high >= 12 for high, low in pairwise(heights))


def test_a_level_line_is_two_points() -> None:
    drawn = parsed(replace(KEPT, workers=[Worker("ApiFunction", level(90))]))

    (line,) = drawn.findall(f"{SVG}polyline")
    assert len(line.get("points", "").split()) == 2


def test_only_what_is_between_the_markers_is_replaced() -> None:
    page = f"# Title\n\n{BEGIN}\n\nold\n\n{END}\n\nmore\n"

    made = published(page, "new")

    assert made == f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nmore\n"
    assert published(made, "new") == made


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="soak"):
        published("# Title\n", "new")


def test_what_is_kept_of_a_soak_says_what_broke() -> None:
    kept = as_json(replace(KEPT, queues={"TryOnDlq": 1}))

    assert kept["broken"] == ["TryOnDlq holds 1 messages"]
    assert kept["growth"]["AnalyzeFunction"] == 0


@pytest.mark.parametrize("name", ["faults", "fuzz", "soak"])
def test_the_page_has_a_place_for_each_figure(name: str) -> None:
    text = PAGE.read_text(encoding="utf-8")

    begin, end = text.find(f"<!-- {name}: begin -->"), text.find(f"<!-- {name}: end -->")
    assert 0 <= begin < end
