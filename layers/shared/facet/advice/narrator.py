"""Measures and advice in plain words, from templates or from a language model that is checked."""

import logging
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, Field, ValidationError

from facet.catalogue.catalogue import GOALS, Catalogue
from facet.catalogue.index import Index
from facet.domain.advice import ProductRef, Reason, SkincareResult, Step
from facet.domain.analysis import Kind
from facet.domain.face import FaceReading
from facet.domain.narration import (
    EnhancedAnalysis,
    Facts,
    GapFact,
    LanguageModel,
    Measure,
    ModelError,
    OutfitFact,
    ProductFact,
    Seriousness,
    StepFact,
    Tool,
)
from facet.domain.products import Product
from facet.domain.search import Query, Search
from facet.domain.style import Look, MakeupResult, Outfit, OutfitResult

logger = logging.getLogger(__name__)

# Reasons whose text holds nothing a person typed or named.
_SPOKEN = (
    "skin.",
    "profile.goals",
    "profile.skin_type",
    "profile.sensitive",
    "catalogue.",
    "rules.",
)
_SERIOUSNESS: tuple[Seriousness, ...] = ("none", "mild", "moderate", "marked")
MOST_FOUND = 10
MAKEUP = "makeup"


class Narrator(Protocol):
    def narrate(self, facts: Facts) -> EnhancedAnalysis: ...


@cache
def _words() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("narrator.toml").read_text("utf-8"))


# --- facts -------------------------------------------------------------------------------------


def facts_of(reading: FaceReading, results: Mapping[Kind, Mapping[str, Any]]) -> Facts:
    """The facts of one analysis.

    results: the stored documents by kind. One that failed, or that this code cannot read, is
    named in `missing`.
    """
    routine = _read(SkincareResult, results.get(Kind.SKINCARE))
    makeup = _read(MakeupResult, results.get(Kind.MAKEUP))
    clothes = _read(OutfitResult, results.get(Kind.OUTFIT))
    readable = {Kind.SKINCARE: routine, Kind.MAKEUP: makeup, Kind.OUTFIT: clothes}
    measured = [c for c in reading.skin.concerns if c.score is not None]
    bands = {c.band for c in measured}
    if reading.prediction:
        bands.add(reading.prediction.severity)
    serious = [word for word in _SERIOUSNESS if word in bands]
    hints = routine.see_doctor if routine else ()
    look = makeup.looks[0] if makeup and makeup.looks else None
    return Facts(
        photo=reading.quality.verdict,
        tone=reading.skin.tone.ita_class,
        undertone=reading.skin.tone.undertone,
        measures=tuple(
            Measure(name=c.name, score=round(c.score or 0), band=c.band)
            for c in sorted(measured, key=lambda c: (c.score or 0, c.name))
        ),
        unmeasured=tuple(c.name for c in reading.skin.concerns if c.score is None),
        severity=serious[-1] if measured and serious else None,
        shape=reading.face.shape[0].name if reading.face.shape else None,
        season=reading.season[0].name if reading.season else None,
        steps=(*(_steps(routine) if routine else ()), *(_put_on(look) if look else ())),
        gaps=tuple(GapFact(gap=s.gap, product=_product(s.product)) for s in routine.suggestions)
        if routine
        else (),
        see_doctor=tuple(hint.text for hint in hints if hint.code != "pregnancy"),
        told=(
            *(hint.text for hint in hints if hint.code == "pregnancy"),
            # These name what the person avoids, in the person's words.
            *dict.fromkeys(text for step in (look.steps if look else ()) for text in step.cautions),
        ),
        outfit=_outfit(clothes.outfits[0]) if clothes and clothes.outfits else None,
        missing=tuple(str(kind) for kind in results if readable[kind] is None),
    )


def _read[T: BaseModel](model: type[T], document: Mapping[str, Any] | None) -> T | None:
    """None for one that failed, too: it holds nothing but its code."""
    try:
        return model.model_validate(document)
    except ValidationError:
        return None


def _steps(routine: SkincareResult) -> Iterator[StepFact]:
    for when, steps in (("morning", routine.am), ("evening", routine.pm)):
        for step in steps:
            yield StepFact(
                when=when,
                what=step.step,
                product=_product(step.product, step),
                how_often=step.how_often,
                why=tuple(reason.text for reason in step.why if _is_spoken(reason)),
                cautions=step.cautions,
            )


def _put_on(look: Look) -> Iterator[StepFact]:
    for step in look.steps:
        yield StepFact(
            when=f"{_plain(look.occasion)} look",
            what=MAKEUP,
            product=ProductFact(
                product_id=step.product_id,
                name=step.name if step.product_id else None,
                category=step.category,
                owned=step.owned,
            ),
            why=tuple(reason.text for reason in step.why if _is_spoken(reason)),
        )


def _outfit(best: Outfit) -> OutfitFact:
    return OutfitFact(occasion=best.occasion, garments=tuple(item.name for item in best.items))


def _is_spoken(reason: Reason) -> bool:
    return reason.points_at.startswith(_SPOKEN)


def _product(ref: ProductRef, step: Step | None = None) -> ProductFact:
    return ProductFact(
        product_id=ref.product_id,
        # Without an id its name is what the owner called it, or what to look for.
        name=ref.name if ref.product_id else None,
        category=ref.category,
        owned=step.owned if step else False,
    )


# --- templates ---------------------------------------------------------------------------------


class TemplateNarrator:
    """Fills sentences of narrator.toml: offline, and the same facts always give the same words."""

    def narrate(self, facts: Facts) -> EnhancedAnalysis:
        return EnhancedAnalysis(
            summary=" ".join(self._summary(facts)),
            severity=facts.severity,
            recommendations=tuple(self._recommendations(facts)),
            source="templates",
        )

    def _summary(self, facts: Facts) -> Iterator[str]:
        say = _words()["summary"]
        yield say["tone"].format(tone=facts.tone, undertone=facts.undertone)
        low = [m for m in facts.measures if m.score <= say["stands_out_below"]][: say["named"]]
        rest = len(facts.measures) - len(low)
        if low:
            yield say["first"].format(names=_list([_scored(measure) for measure in low]))
            if rest:
                yield (say["one_rest"] if rest == 1 else say["rest"]).format(count=rest)
        else:
            yield (say["calm"] if rest else say["none"]).format(count=rest)
        if facts.measures and facts.unmeasured:
            yield say["unmeasured"].format(names=_list([_plain(n) for n in facts.unmeasured]))
        if facts.photo == "usable":
            yield say["usable"]
        for kind in facts.missing:
            yield say["missing"].format(kind=_plain(kind))

    def _recommendations(self, facts: Facts) -> Iterator[str]:
        say = _words()
        steps: dict[tuple[str, str, str], list[str]] = {}
        look = [step for step in facts.steps if step.what == MAKEUP]
        for step in facts.steps:
            if step.what == MAKEUP:
                continue
            key = (step.what, _called(step.product), step.how_often or "")
            if step.what != "treat":
                key = (step.what, _called(step.product), "")
            steps.setdefault(key, []).append(step.when)
        for (what, product, often), parts in steps.items():
            when = say["when"]["both"] if len(parts) > 1 else say["when"].get(parts[0], parts[0])
            sentence: str = say["step"].get(what, say["step"]["other"])
            yield sentence.format(when=when, what=_plain(what), product=product, often=often)
        if look:
            products = _list(list(dict.fromkeys(_called(step.product) for step in look)))
            yield say["step"]["look"].format(look=look[0].when, products=products)
        yield from _wear(facts)
        for gap in facts.gaps:
            product = _called(gap.product)
            yield say["gap"]["text"].format(
                gap=_GAPS.get(gap.gap, _plain(gap.gap)), product=product
            )
        yield from _closing(facts)


_GAPS = {"cleanse": "cleansing", "moisturise": "moisturising", "protect": "sun protection"}


def _wear(facts: Facts) -> Iterator[str]:
    if facts.outfit:
        say, occasion = _words()["wear"], facts.outfit.occasion
        garments = _list(list(facts.outfit.garments))
        yield say["text"].format(occasion=say.get(occasion, _plain(occasion)), garments=garments)


def _closing(facts: Facts) -> Iterator[str]:
    say = _words()["closing"]
    yield from (say["caution"].format(text=text) for text in facts.cautions)
    yield from (say["doctor"].format(text=text) for text in (*facts.see_doctor, *facts.told))
    yield say["limits"]


def _called(product: ProductFact) -> str:
    own: str = _words()["step"]["own"]
    return product.name or own.format(category=_plain(product.category))


def _scored(measure: Measure) -> str:
    say = _words()["summary"]
    sentence: str = say["score"] if measure.band else say["bare_score"]
    return sentence.format(name=_plain(measure.name), score=measure.score, band=measure.band)


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _list(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


# --- a language model --------------------------------------------------------------------------


class _Answer(BaseModel):
    summary: str = Field(min_length=20, max_length=1200)
    recommendations: tuple[str, ...] = Field(min_length=1, max_length=40)


class ModelNarrator:
    """Has a language model find the words, checks them, and says them itself if they will not do.

    The model may look products up but name only those of the advice: they alone were held against
    what the person avoids, and no model is told that.
    """

    def __init__(
        self,
        model: LanguageModel,
        catalogue: Callable[[], Catalogue],
        instead: Narrator,
        search: Callable[[Catalogue], Search] = Index,
    ) -> None:
        self._model = model
        self._catalogue = catalogue
        self._instead = instead
        self._search = search

    def narrate(self, facts: Facts) -> EnhancedAnalysis:
        catalogue = self._catalogue()
        try:
            tools = _tools(catalogue, self._search(catalogue))
            text = self._model.ask(_words()["prompt"]["system"], facts.prompt(), tools)
            answer = checked(text, facts, catalogue)
        except ModelError as error:
            logger.warning("templates speak instead of the model: %s", error)
            spoken = self._instead.narrate(facts)
            source = f"templates after {self._model.provider}:{error.reason}"
            return spoken.model_copy(update={"source": source})
        say = _words()["closing"]
        told = (say["doctor"].format(text=text) for text in facts.told)
        return EnhancedAnalysis(
            summary=answer.summary,
            severity=facts.severity,
            recommendations=(*answer.recommendations, *_wear(facts), *told, say["limits"]),
            source=f"{self._model.provider}:{self._model.name}",
        )


def checked(text: str, facts: Facts, catalogue: Catalogue) -> _Answer:
    """The model's answer with [product_id] replaced by names.

    Raises ModelError("rejected") where it is not the JSON asked for, names a product outside the
    catalogue or the advice, spells a name that is not in the facts, drops a caution or a hint to
    see a doctor, uses a number that is not in the facts, or praises, promises or diagnoses.

    Names are found by their capital letter: within a sentence any such word must be in the facts,
    at its start only one before a category ("Brandname cleanser") or of mixed case is taken for a
    name. A brand written in lower case is not recognised.
    """
    try:
        answer = _Answer.model_validate_json(text[text.index("{") : text.rindex("}") + 1])
    except ValueError as error:
        raise ModelError("rejected", "not the JSON that was asked for") from error
    sentences = " \n".join((answer.summary, *answer.recommendations))
    kept = _squeezed(" ".join(answer.recommendations))
    for caution in (*facts.cautions, *facts.see_doctor):
        if _squeezed(caution) not in kept:
            raise ModelError("rejected", "a caution is missing")
    own = sentences
    for caution in (*facts.cautions, *facts.see_doctor):
        # Cautions may stand in pieces of their own; what is left is the model's own wording.
        own = re.sub(r"\s+".join(map(re.escape, caution.split())), " \n", own, flags=re.IGNORECASE)
    _refuse_words(own)
    _refuse_numbers(re.sub(r"\[[^\]]*\]", " ", own), facts)
    _refuse_names(re.sub(r"\[[^\]]*\]", " ", own), facts)
    named = {step.product.product_id for step in facts.steps}
    named |= {gap.product.product_id for gap in facts.gaps}

    def spelt(match: re.Match[str]) -> str:
        row = catalogue.row(match[1])
        if row is None or match[1] not in named:
            raise ModelError("rejected", "a product that is not of the advice")
        return catalogue.name(row)

    return _Answer(
        summary=re.sub(r"\[([^\]]*)\]", spelt, answer.summary),
        recommendations=tuple(
            re.sub(r"\[([^\]]*)\]", spelt, sentence) for sentence in answer.recommendations
        ),
    )


def _squeezed(text: str) -> str:
    return " ".join(text.split()).casefold()


def _refuse_words(own: str) -> None:
    for word in re.findall(r"[a-z]+", own.casefold()):
        if word.startswith(tuple(_words()["refused"]["words"])):
            raise ModelError("rejected", f"it says {word}")


def _refuse_numbers(own: str, facts: Facts) -> None:
    known = set(re.findall(r"\d+(?:\.\d+)?", facts.prompt())) | {"100"}
    if unknown := set(re.findall(r"\d+(?:\.\d+)?", own)) - known:
        raise ModelError("rejected", f"numbers that are not in the facts: {sorted(unknown)}")


def _refuse_names(own: str, facts: Facts) -> None:
    refused = _words()["refused"]
    known = set(re.findall(r"[a-z]+", facts.prompt().casefold())) | set(refused["openers"])
    categories = {"cleanser", "toner", "exfoliant", "serum", "treatment", "moisturiser", "cream"}
    categories |= {"moisturizer", "sunscreen", "lotion", "gel", "oil", "foundation", "spf"}
    for sentence in re.split(r"[.!?:;\n]+", own):
        words = re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", sentence)
        for at, word in enumerate(words):
            plain = re.sub(r"['’]s$", "", word).casefold()
            inner = any(letter.isupper() for letter in word[1:])
            before = at == 0 and len(words) > 1 and words[1].casefold() in categories
            before = before or (at == 0 and word != re.sub(r"['’]s$", "", word))
            capital = word[0].isupper() and word not in ("I", "SPF", "UV", "UVA", "UVB")
            looks_like_a_name = capital and (at > 0 or inner or before)
            if looks_like_a_name and plain not in known:
                raise ModelError("rejected", "a name that is not in the facts")


# --- what the model may look up ------------------------------------------------------------------


def _tools(catalogue: Catalogue, products: Search) -> tuple[Tool, Tool]:
    limit = {"type": "integer", "minimum": 1, "maximum": MOST_FOUND}

    def search(asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        text = str(asked["query"]).strip()
        if not text:
            raise ValueError("an empty query")
        found = products.search(Query(text=text[:200], limit=_most(asked)))
        named = (hit.product or catalogue.product(hit.product_id) for hit in found.hits)
        return [_known(product) for product in named if product]

    def by_condition(asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        if asked["condition"] not in GOALS:
            raise ValueError(f"no such condition; there are {', '.join(GOALS)}")
        return [_known(p) for p in catalogue.by_concern(asked["condition"], _most(asked))]

    return (
        Tool(
            "search_products",
            "Products of the catalogue by the words of their names, brands and ingredients, best "
            "first.",
            {
                "type": "object",
                "properties": {"query": {"type": "string"}, "limit": limit},
                "required": ["query"],
            },
            search,
        ),
        Tool(
            "get_products_by_condition",
            "Products of the catalogue that help a condition, best evidence first.",
            {
                "type": "object",
                "properties": {
                    "condition": {"type": "string", "enum": list(GOALS)},
                    "limit": limit,
                },
                "required": ["condition"],
            },
            by_condition,
        ),
    )


def _most(asked: Mapping[str, Any]) -> int:
    return max(1, min(int(asked.get("limit", 5)), MOST_FOUND))


def _known(product: Product) -> dict[str, Any]:
    return product.model_dump(
        mode="json",
        include={"product_id", "name", "category", "actives", "concerns", "cautions", "am_pm"},
    )
