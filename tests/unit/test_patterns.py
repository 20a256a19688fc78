"""Every regular expression of the project takes steps in proportion to the text, however hostile.

Found by reading the code: what is written out is taken from there, what is put together from a
table is made by the function that MADE names for it. A pattern that neither gives fails the test.
Steps are counted (tests/backtracking.py), never timed. What pydantic checks is not here: its
engine has no backtracking.
"""

import ast
import random
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from functools import cache
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from evaluation.allergens import HOLDS
from facet.advice.words import model_answer
from facet.advice.words.narrator import rules
from facet.catalogue import label_text
from facet.catalogue.family import NO_FAMILIES, Family
from facet.catalogue.patterns import Patterns
from tests.backtracking import ALPHABET, Counter, How, TooManyStepsError

ROOT = Path(__file__).parents[2]
FOLDERS = ("layers", "functions", "contract", "evaluation", "local", "benchmarks")
CALLS = {"compile", "search", "match", "fullmatch", "split", "sub", "subn", "findall", "finditer"}
SHORT, LONG = 130, 520  # letters; longer than the largest count that a pattern names (120)
GROWTH = 1.5 * LONG / SHORT  # of the steps: in proportion it is 4, quadratic 16
MOST_ALONE = 80  # of its words and letters, over and over
MOST_STEPS = 2_000 * SHORT
DRAWN = 10  # texts drawn at random for each pattern


class Found(NamedTuple):
    """A pattern, where it stands and how it is used."""

    place: str
    pattern: re.Pattern[str]
    how: How


class Text(NamedTuple):
    """A text that is made as long as it is asked to be."""

    before: str
    unit: str  # over and over
    behind: str

    def of(self, letters: int) -> str:
        room = letters - len(self.before) - len(self.behind)
        return self.before + (self.unit * letters)[:room] + self.behind


def of_label_words() -> Iterator[tuple[re.Pattern[str], How]]:
    words = label_text._words()
    for field in fields(words):
        pattern = getattr(words, field.name)
        if isinstance(pattern, re.Pattern):
            yield pattern, "match" if field.name in ("bare", "denied") else "search"


def of_narrator() -> Iterator[tuple[re.Pattern[str], How]]:
    for patterns in rules()["unnamed"].values():
        for pattern in patterns:
            yield re.compile(pattern), "search"


def of_cautions() -> Iterator[tuple[re.Pattern[str], How]]:
    for caution in ("Do not use it while pregnant.", "a  a a", "1.5 % (2)"):
        yield model_answer.repeated(caution), "search"


def of_allergens() -> Iterator[tuple[re.Pattern[str], How]]:
    for pattern in HOLDS.values():
        yield re.compile(pattern, re.IGNORECASE), "search"


def of_bundled() -> Iterator[tuple[re.Pattern[str], How]]:
    content = tomllib.loads((ROOT / "layers/bundled.toml").read_text("utf-8"))
    for library in content["library"]:
        if "seen" in library:
            yield re.compile(library["seen"]), "search"


def of_families() -> Iterator[tuple[re.Pattern[str], How]]:
    content = tomllib.loads((ROOT / "data/skincare/families.toml").read_text("utf-8"))
    told = [Family.of(id_, row).patterns for id_, row in content["family"].items()]
    # One expression of all names is as good as its names: a hundred at once take minutes to count.
    names = sorted({name for patterns in told for name in (*patterns.names, *patterns.but)})
    typed = ("aa aa", "a", "1 1 1")  # a person's own word for an allergy
    shapes = {re.sub(r"\w+", _letters, name): name for name in names}
    for name in (*shapes.values(), *typed):
        yield Patterns((name,))._wanted, "search"
    yield Patterns(("a",))._look_alikes, "search"
    yield Patterns(("a",), but=("a b",))._look_alikes, "search"


def _letters(word: re.Match[str]) -> str:
    """Words of one shape for the matcher: 'wheat*' and 'soy*' alike, 'aa*' not."""
    return "".join("x" if letter.isascii() else "é" for letter in word[0][:1])


# Where a pattern is put together, by file and function -> what it makes.
MADE: dict[str, Callable[[], Iterable[tuple[re.Pattern[str], How]]]] = {
    "facet/catalogue/label_text.py _words": of_label_words,
    "facet/catalogue/label_text.py before_colon": of_label_words,
    "facet/catalogue/patterns.py _wanted": of_families,
    "facet/catalogue/patterns.py _look_alikes": of_families,
    "facet/catalogue/family.py joined": lambda: [(NO_FAMILIES.joined, "search")],
    "facet/advice/words/model_answer.py repeated": of_cautions,
    "facet/advice/words/model_answer.py _refuse_unnamed": of_narrator,
    "evaluation/allergens.py kept": of_allergens,
    "layers/sbom.py _version": of_bundled,
}


@cache
def written() -> tuple[tuple[Found, ...], frozenset[str]]:
    """(patterns that are written out in code, places where one is put together)."""
    rows, made = [], set()
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text("utf-8")
            place = str(path.relative_to(ROOT)).removeprefix("layers/shared/")
            for call, function in _calls(ast.parse(text), "") if "import re\n" in text else ():
                try:
                    rows.append(Found(f"{place}:{call.lineno}", _compiled(call), _how(call, text)))
                except ValueError:
                    made.add(f"{place} {function}")
    return tuple(rows), frozenset(made)


def put_together() -> Iterator[Found]:
    """Patterns made of tables, and of what people type."""
    for maker in dict.fromkeys(MADE.values()):
        place = next(place for place, other in MADE.items() if other is maker)
        for number, (pattern, how) in enumerate(maker()):
            yield Found(f"{place} {number}", pattern, how)


def _calls(node: ast.AST, function: str) -> Iterator[tuple[ast.Call, str]]:
    """Every call of `re` that takes a pattern, and the function it stands in."""
    for child in ast.iter_child_nodes(node):
        inside = child.name if isinstance(child, ast.FunctionDef) else function
        match child:
            case ast.Call(func=ast.Attribute(value=ast.Name("re"), attr=name)) if name in CALLS:
                yield child, inside
        yield from _calls(child, inside)


def _compiled(call: ast.Call) -> re.Pattern[str]:
    """The pattern of a call that spells it out. Raises ValueError where it is put together."""
    pattern = ast.literal_eval(call.args[0])
    flags = 0
    for told in [*call.args[1:], *(keyword.value for keyword in call.keywords)]:
        match told:
            case ast.Attribute(value=ast.Name("re"), attr=name):
                flags |= getattr(re, name)
    return re.compile(pattern, flags)


def _how(call: ast.Call, text: str) -> How:
    """How the pattern of a call is used; of a constant, how its whole file uses its name."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name == "compile":
        line = text.splitlines()[call.lineno - 1]
        constant = re.match(r"(\w+) = ", line)
        used = re.findall(rf"\b{constant[1]}\b(?! = re)\.?(\w*)", text) if constant else []
        name = used[0] if len(set(used)) == 1 else "search"
    return next((how for how in ("match", "fullmatch") if how == name), "search")


def hostile(counter: Counter, seed: str) -> Iterator[Text]:
    """Texts of any length that a pattern may trip over.

    Its own words and letters, those words without their last letter, and what stands in labels;
    each over and over, and at random several over and over with one before and one behind.
    """
    draw = random.Random(seed)  # noqa: S311
    words = counter.words()
    tokens = list(dict.fromkeys([*words, *(word[:-1] for word in words if word[1:]), *ALPHABET]))
    own = tokens[: 2 * len(words)] or tokens
    for token in tokens[:MOST_ALONE]:
        yield Text("", token, "")
    for _ in range(DRAWN):
        unit = "".join(draw.choices(own, k=draw.randint(1, 4)))
        yield Text(draw.choice(["", *own]), unit, draw.choice(["", *own, *ALPHABET]))


def worst(row: Found) -> tuple[float, int, str]:
    """(growth, steps of the longer, the shorter text) of the text that grows worst."""
    counter = Counter(row.pattern, row.how)
    worst = (0.0, 0, "")
    for text in hostile(counter, row.pattern.pattern):
        try:
            short = counter.steps(text.of(SHORT), MOST_STEPS)
            long = counter.steps(text.of(LONG), 20 * short)
        except TooManyStepsError:
            return inf, MOST_STEPS, text.of(SHORT)
        worst = max(worst, (long / short, long, text.of(SHORT)))
    return worst


@pytest.fixture(autouse=True)
def deep() -> Iterator[None]:
    """Room for a counter that goes on by calling itself."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(50_000)
    yield
    sys.setrecursionlimit(before)


def test_every_pattern_of_the_project_is_here() -> None:
    assert written()[1] == MADE.keys()


@pytest.mark.parametrize("row", [*written()[0], *put_together()], ids=lambda row: row.place)
def test_the_steps_of_a_pattern_grow_with_the_text(row: Found) -> None:
    growth, steps, text = worst(row)
    assert growth <= GROWTH, f"{row.pattern.pattern!r}: {steps} steps on a text like {text!r}"


@pytest.mark.parametrize(
    "pattern",
    [
        r"(\d+(?:[.,]\d+)?)\s*%",  # from every digit to the end of the digits
        r"\s+$",
        r"\[([^\]]*)\]",
        r"(a+)+b",
        r"(?:a|b|ab)*c",
        r"a.*b.*c",
        r"x*?y",
    ],
)
def test_what_grows_faster_than_the_text_is_seen(pattern: str) -> None:
    assert worst(Found("here", re.compile(pattern), "search"))[0] > 2 * GROWTH


def test_the_counter_finds_what_the_matcher_finds() -> None:
    for row in (*written()[0], *put_together()):
        counter = Counter(row.pattern)
        for text in list(hostile(counter, row.place))[::5]:
            told: Any = text.of(40)
            if isinstance(row.pattern.pattern, bytes):
                if not told.isascii() and max(told) > "\xff":
                    continue  # no byte is such a letter
                told = told.encode("latin-1")
            found = [match.span() for match in row.pattern.finditer(told)]
            assert list(counter.matches(text.of(40))) == found, (row.place, text.of(40))


def test_the_counter_counts() -> None:
    digits = Counter(re.compile(r"\d%"))
    # Each digit: one step for it and one for what is no percent sign; one at the end of the text.
    assert digits.steps("1" * 10) == 21
    assert Counter(re.compile(r"\d+%"), "match").steps("1" * 10) == 1 + 10 + 2 * 10
