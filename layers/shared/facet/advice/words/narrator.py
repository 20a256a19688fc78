"""Measures and advice in plain words from the message file: the same facts, the same words."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from facet.advice.advice_facts import MAKEUP
from facet.advice.occasions import occasion_in_words
from facet.advice.words.telling import listed
from facet.domain.narration import EnhancedAnalysis, Facts, ProductFact, StepFact
from facet.saying import plain, say

# Parts of the day and steps of a routine that have words of their own.
_WHEN = ("morning", "evening")
_STEPS = ("cleanse", "treat", "moisturise", "protect")


class Narrator(Protocol):
    """Puts facts into words."""

    def narrate(self, facts: Facts) -> EnhancedAnalysis: ...


class TemplateNarrator:
    """Fills the sentences of the message file."""

    def narrate(self, facts: Facts) -> EnhancedAnalysis:
        """The facts in sentences of the message file: the same facts, the same words."""
        return EnhancedAnalysis(
            summary=" ".join(_summary(facts)),
            severity=facts.severity,
            recommendations=tuple(_recommendations(facts)),
            source="templates",
        )


@cache
def rules() -> Mapping[str, Any]:
    """The tables of narrator.toml."""
    return tomllib.loads(Path(__file__).with_name("narrator.toml").read_text("utf-8"))


# --- the summary -----------------------------------------------------------------------------


def _summary(facts: Facts) -> Iterator[str]:
    yield from facts.first
    if facts.photo is None:
        yield say("summary.no_photo")
    elif told := facts.telling:
        yield from (told.tone, told.skin)
    if facts.measures and facts.unmeasured:
        yield say("summary.unmeasured", names=listed([plain(n) for n in facts.unmeasured]))
    if facts.photo == "usable":
        yield say("summary.usable")
    for kind in facts.missing:
        yield say("summary.missing", kind=plain(kind))


# --- the recommendations ---------------------------------------------------------------------


def _recommendations(facts: Facts) -> Iterator[str]:
    yield from _routine([step for step in facts.steps if step.what != MAKEUP])
    yield from _look([step for step in facts.steps if step.what == MAKEUP])
    yield from wear(facts)
    for gap in facts.gaps:
        yield say("summary.gap", gap=_gap(gap.gap), product=_called(gap.product))
    for caution in facts.cautions:
        yield say("summary.caution", text=caution)
    yield from closing((*facts.see_doctor, *facts.told), from_photo=facts.photo is not None)


def _routine(steps: Sequence[StepFact]) -> Iterator[str]:
    """One sentence for what is done alike in the morning and in the evening."""
    parts: dict[tuple[str, str, str], list[str]] = {}
    for step in steps:
        often = (step.how_often or "") if step.what == "treat" else ""
        parts.setdefault((step.what, _called(step.product), often), []).append(step.when)
    for (what, product, often), whens in parts.items():
        key = what if what in _STEPS else "other"
        yield say(
            f"summary.step.{key}",
            when=_when(list(dict.fromkeys(whens))),
            what=plain(what),
            product=product,
            often=often,
        )


def _when(parts: Sequence[str]) -> str:
    if len(parts) > 1:
        return say("summary.when.both")
    return say(f"summary.when.{parts[0]}") if parts[0] in _WHEN else parts[0]


def _look(steps: Sequence[StepFact]) -> Iterator[str]:
    if steps:
        products = list(dict.fromkeys(_called(step.product) for step in steps))
        yield say("summary.look", look=steps[0].when, products=listed(products))


def _gap(gap: str) -> str:
    return say(f"summary.gap_of.{gap}") if gap in _STEPS and gap != "treat" else plain(gap)


def wear(facts: Facts) -> Iterator[str]:
    """A sentence on what to wear, by the owner's own names; none where there is no outfit."""
    if facts.outfit:
        occasion = occasion_in_words(facts.outfit.occasion)
        yield say("summary.wear", occasion=occasion, garments=listed(facts.outfit.garments))


def closing(hints: Sequence[str], *, from_photo: bool = True) -> Iterator[str]:
    """The last sentences: hints that must be read, and what this advice is not."""
    yield from (say("summary.doctor", text=hint) for hint in hints)
    yield say("summary.limits") if from_photo else say("summary.limits_without_photo")


# --- words -----------------------------------------------------------------------------------


def _called(product: ProductFact) -> str:
    """A product's name, or "your cleanser" where only its owner has a name for it."""
    return product.name or say("summary.own", category=plain(product.category))
