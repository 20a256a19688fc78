"""Measures and advice in plain words from the message file: the same facts, the same words."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from facet.advice.advice_facts import MAKEUP
from facet.advice.occasions import occasion_in_words
from facet.domain.narration import EnhancedAnalysis, Facts, Measure, ProductFact, StepFact
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
    else:
        yield say("summary.tone", tone=facts.tone, undertone=facts.undertone)
        yield from _measures(facts.measures)
    if facts.measures and facts.unmeasured:
        yield say("summary.unmeasured", names=_list([plain(n) for n in facts.unmeasured]))
    if facts.photo == "usable":
        yield say("summary.usable")
    for kind in facts.missing:
        yield say("summary.missing", kind=plain(kind))


def _measures(measures: Sequence[Measure]) -> Iterator[str]:
    """The measures that stand out by name and score, the others by their number."""
    rule = rules()["summary"]
    low = [m for m in measures if m.score <= rule["stands_out_below"]][: rule["named"]]
    rest = len(measures) - len(low)
    if not measures:
        yield say("summary.none")
    elif not low:
        yield say("summary.calm", count=rest)
    else:
        yield say("summary.first", names=_list([_scored(measure) for measure in low]))
        if rest == 1:
            yield say("summary.rest_one")
        elif rest:
            yield say("summary.rest", count=rest)


def _scored(measure: Measure) -> str:
    """A measure's name and score, and its band where it has one."""
    name = plain(measure.name)
    if measure.band:
        return say("summary.score_band", name=name, score=measure.score, band=measure.band)
    return say("summary.score", name=name, score=measure.score)


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
        yield say("summary.look", look=steps[0].when, products=_list(products))


def _gap(gap: str) -> str:
    return say(f"summary.gap_of.{gap}") if gap in _STEPS and gap != "treat" else plain(gap)


def wear(facts: Facts) -> Iterator[str]:
    """A sentence on what to wear, by the owner's own names; none where there is no outfit."""
    if facts.outfit:
        occasion = occasion_in_words(facts.outfit.occasion)
        yield say("summary.wear", occasion=occasion, garments=_list(facts.outfit.garments))


def closing(hints: Sequence[str], *, from_photo: bool = True) -> Iterator[str]:
    """The last sentences: hints that must be read, and what this advice is not."""
    yield from (say("summary.doctor", text=hint) for hint in hints)
    yield say("summary.limits") if from_photo else say("summary.limits_without_photo")


# --- words -----------------------------------------------------------------------------------


def _called(product: ProductFact) -> str:
    """A product's name, or "your cleanser" where only its owner has a name for it."""
    return product.name or say("summary.own", category=plain(product.category))


def _list(names: Sequence[str]) -> str:
    """Names as a sentence lists them: "a", "a and b", "a, b and c"."""
    if len(names) == 1:
        return names[0]
    return say("summary.list", names=", ".join(names[:-1]), last=names[-1])
