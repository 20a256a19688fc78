"""A language model's words: what it is told, what of its answer is refused, who speaks instead."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from facet.advice.outfit.recommend import recommend_outfit
from facet.advice.words.facts import facts_of
from facet.advice.words.model_narrator import ModelNarrator, tools_of
from facet.advice.words.narrator import TemplateNarrator
from facet.catalogue.catalogue import Catalogue
from facet.catalogue.index import Index
from facet.domain.advice import Profile
from facet.domain.analysis import Kind
from facet.domain.face import FaceReading
from facet.domain.narration import EnhancedAnalysis, Facts, ModelError, Tool
from facet.domain.tone import left_open
from tests.unit.advice.advised import READINGS, SECRETS, advised


@pytest.fixture
def facts(reading: Callable[..., FaceReading], catalogue: Catalogue) -> Facts:
    return advised(reading(20, blemishes=30.0, pores=90.0), catalogue)[0]


class Scripted:
    """A model that says what it is told to."""

    provider = "acme"
    name = "a.model"

    def __init__(self, answer: str | ModelError) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str, tuple[Tool, ...]]] = []

    def ask(self, system: str, question: str, tools: tuple[Tool, ...]) -> str:
        self.asked.append((system, question, tools))
        if isinstance(self.answer, ModelError):
            raise self.answer
        return self.answer


def fair(facts: Facts, **changes: Any) -> str:
    """An answer that keeps every rule."""
    products = [step.product.product_id for step in facts.steps if step.product.product_id]
    answer = {
        "summary": "Your photo shows some blemishes (30 of 100). The rest is quieter.",
        "recommendations": [
            f"Use [{products[0]}] first. Your cleanser comes before it.",
            *facts.cautions,
            *facts.see_doctor,
        ],
    }
    return json.dumps({**answer, **changes})


@pytest.mark.parametrize("scores", READINGS, ids=lambda scores: "+".join(scores) or "none")
def test_nothing_personal_is_in_a_prompt(
    scores: dict[str, float], reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    facts, _ = advised(reading(20, **scores), catalogue, pregnancy="pregnant")
    model = Scripted(fair(facts))

    ModelNarrator(model, lambda: catalogue, TemplateNarrator()).narrate(facts)

    ((system, question, _),) = model.asked
    for secret in SECRETS:
        assert secret.casefold() not in (system + question).casefold()


def test_a_fair_answer_is_said_with_the_catalogue_s_names(
    facts: Facts, catalogue: Catalogue
) -> None:
    words = ModelNarrator(Scripted(fair(facts)), lambda: catalogue, TemplateNarrator()).narrate(
        facts
    )

    assert words.source == "acme:a.model"
    first = next(step.product for step in facts.steps if step.product.product_id)
    assert f"Use {first.name} first" in words.recommendations[0]


def test_what_is_asked_for_stands_before_the_model_s_words(
    facts: Facts, catalogue: Catalogue
) -> None:
    asking = facts.model_copy(update={"first": ("Please tell us your age.",)})
    model = Scripted(fair(facts))

    words = ModelNarrator(model, lambda: catalogue, TemplateNarrator()).narrate(asking)

    assert words.summary.startswith("Please tell us your age. Your photo shows")
    assert "age." not in model.asked[0][1]


def test_what_was_told_of_health_is_added_after_the_model(
    reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    facts, _ = advised(reading(20, redness=30.0), catalogue, pregnancy="planning")
    model = Scripted(fair(facts))

    words = ModelNarrator(model, lambda: catalogue, TemplateNarrator()).narrate(facts)

    assert words.source == "acme:a.model"
    assert any("midwife" in sentence for sentence in words.recommendations)


@pytest.mark.parametrize(
    "sentence",
    [
        "Use [no-such-product] every evening.",
        "Add [gel-cleanser-salicylic-2-and-more].",
        "Your skin would like Glowvanta Night Elixir.",
        "CeraVe is a fair choice.",
        "Glowvanta cleanser suits you.",
        "Glowvanta's range suits you.",
        "You have rosacea.",
        "Your skin is beautiful.",
        "This will heal it.",
        "In 3987 days it is gone.",
    ],
)
def test_an_answer_that_makes_things_up_is_refused(
    sentence: str, facts: Facts, catalogue: Catalogue
) -> None:
    good = json.loads(fair(facts))
    bad = json.dumps({**good, "recommendations": [*good["recommendations"], sentence]})

    words = ModelNarrator(Scripted(bad), lambda: catalogue, TemplateNarrator()).narrate(facts)

    assert words.source == "templates after acme:rejected"
    assert words.recommendations == TemplateNarrator().narrate(facts).recommendations


@pytest.mark.parametrize(
    "sentence",
    [
        "Your tan skin darkens fast.",
        "Your skin is brown.",
        "Your complexion looks rather dark.",
        "With your warm undertone, go for gold.",
        "Your undertone is cool.",
        "You are a soft autumn.",
        "An oval face needs little contour.",
        "Oily skin likes a gel.",
        "Tan-toned as you are, bronze suits.",
        "You are a Monk 30.",  # a number of the facts
        "Your skin leans warm.",
        "Warm-toned skin like yours suits gold.",
        "Your colouring is warm.",
        "You are an autumn.",
        "An autumn palette suits you.",
        "Your face is oval.",
        "Your oval face shape is easy.",
        "Your skin is rather oily.",
    ],
)
def test_a_name_that_the_photo_leaves_open_is_refused(
    sentence: str, reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    plain = reading(20, redness=30.0)
    tone = plain.skin.tone.model_copy(
        update={"ita_class": None, "undertone": None, "open": left_open(10.5, 45)}
    )
    unsure = plain.model_copy(update={"skin": plain.skin.model_copy(update={"tone": tone})})
    facts, _ = advised(unsure, catalogue)

    def source(*more: str) -> str:
        good = json.loads(fair(facts))
        text = json.dumps({**good, "recommendations": [*good["recommendations"], *more]})
        model = ModelNarrator(Scripted(text), lambda: catalogue, TemplateNarrator())
        return model.narrate(facts).source

    assert source(sentence) == "templates after acme:rejected"
    assert source("Your photo reads as light to tan skin, and its light leaves that open.") == (
        "acme:a.model"
    )


def test_a_name_that_the_photo_gives_may_be_said(
    reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    facts, _ = advised(reading(20, redness=30.0), catalogue)
    good = json.loads(fair(facts))
    good["recommendations"] += ["Your skin is tan, and tan skin browns.", "A neutral undertone."]
    model = Scripted(json.dumps(good))

    words = ModelNarrator(model, lambda: catalogue, TemplateNarrator()).narrate(facts)

    assert words.source == "acme:a.model"


def test_a_product_that_was_not_advised_is_refused_though_the_catalogue_has_it(
    facts: Facts, catalogue: Catalogue
) -> None:
    advised_ids = {step.product.product_id for step in facts.steps}
    advised_ids |= {gap.product.product_id for gap in facts.gaps}
    other = next(id_ for id_ in catalogue.ids if id_ not in advised_ids)
    good = json.loads(fair(facts))
    bad = json.dumps({**good, "recommendations": [*good["recommendations"], f"Use [{other}]."]})

    words = ModelNarrator(Scripted(bad), lambda: catalogue, TemplateNarrator()).narrate(facts)

    assert words.source == "templates after acme:rejected"


def test_an_answer_that_drops_any_one_caution_is_refused(
    facts: Facts, catalogue: Catalogue
) -> None:
    must = [*facts.cautions, *facts.see_doctor]
    assert facts.cautions
    assert facts.see_doctor
    good = json.loads(fair(facts))
    for dropped in must:
        rest = [sentence for sentence in good["recommendations"] if sentence != dropped]
        model = Scripted(json.dumps({**good, "recommendations": rest}))

        words = ModelNarrator(model, lambda: catalogue, TemplateNarrator()).narrate(facts)

        assert words.source == "templates after acme:rejected", dropped


@pytest.mark.parametrize("answer", ["", "Hello!", "{}", '{"summary": 1}', "{nonsense}"])
def test_what_is_not_the_json_asked_for_is_refused(
    answer: str, facts: Facts, catalogue: Catalogue
) -> None:
    words = ModelNarrator(Scripted(answer), lambda: catalogue, TemplateNarrator()).narrate(facts)
    assert words.source == "templates after acme:rejected"


def test_a_silent_model_leaves_the_word_to_the_templates(
    facts: Facts, catalogue: Catalogue
) -> None:
    model = Scripted(ModelError("paused", "it failed five times"))
    words = ModelNarrator(model, lambda: catalogue, TemplateNarrator()).narrate(facts)
    assert words.source == "templates after acme:paused"


def test_the_tools_answer_from_the_catalogue(facts: Facts, catalogue: Catalogue) -> None:
    model = Scripted(fair(facts))
    ModelNarrator(model, lambda: catalogue, TemplateNarrator()).narrate(facts)
    search, by_condition = model.asked[0][2]

    products = search.run({"query": "retinol", "limit": 3})
    assert 0 < len(products) <= 3
    assert all("retinol" in f"{p['product_id']} {p['name']}".lower() for p in products)
    helped = by_condition.run({"condition": "redness"})
    assert [p["product_id"] for p in helped] == [
        p.product_id for p in catalogue.by_concern("redness", 5)
    ]
    with pytest.raises(ValueError, match="no such condition"):
        by_condition.run({"condition": "boredom"})
    with pytest.raises(ValueError, match="empty"):
        search.run({"query": " "})


def test_the_best_outfit_is_named_to_its_owner_and_to_no_model(
    reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    wardrobe = [
        {
            "item_id": name,
            "name": f"Zelda's {name}",
            "category": name,
            "slot": slot,
            "colours": [{"hex": "#6b6b6d", "share": 1.0}],
            "formality": 4,
            "warmth": 3,
        }
        for name, slot in (("blouse", "top"), ("skirt", "bottom"))
    ]
    result = recommend_outfit(reading(20, redness=40.0), Profile(), wardrobe, [], "evening")
    facts = facts_of(
        reading(20, redness=40.0), {Kind.OUTFIT: result.model_dump(mode="json", exclude_none=True)}
    )
    model = Scripted(
        '{"summary": "Your photo shows some redness today.", "recommendations": ["A"]}'
    )

    wear = "For an evening out, wear your Zelda's blouse and Zelda's skirt."
    assert wear in TemplateNarrator().narrate(facts).recommendations
    words = ModelNarrator(model, lambda: catalogue, TemplateNarrator()).narrate(facts)
    assert wear in words.recommendations
    assert words.source == "acme:a.model"
    assert "Zelda" not in model.asked[0][1]


@pytest.mark.parametrize(
    "sentence",
    [
        "Cleanser first, then the rest.",
        "Your cleanser comes first. SPF and UV are the same here, and I mean it.",
        "This serum, your toner: Apply both.",
        "It is 30 of 100.",
        "your cleanser\nRedness is not named twice",
    ],
)
def test_plain_words_are_no_names(sentence: str, facts: Facts, catalogue: Catalogue) -> None:
    good = json.loads(fair(facts))
    answer = json.dumps({**good, "recommendations": [*good["recommendations"], sentence]})

    words = ModelNarrator(Scripted(answer), lambda: catalogue, TemplateNarrator()).narrate(facts)

    assert words.source == "acme:a.model"
    assert sentence in words.recommendations


def test_a_caution_may_stand_in_other_line_breaks_and_letters(
    facts: Facts, catalogue: Catalogue
) -> None:
    good = json.loads(fair(facts))
    broken = [text.upper().replace(" ", "\n") for text in good["recommendations"][1:]]
    answer = json.dumps({**good, "recommendations": [good["recommendations"][0], *broken]})

    words = ModelNarrator(Scripted(answer), lambda: catalogue, TemplateNarrator()).narrate(facts)

    assert words.source == "acme:a.model"


def test_whoever_speaks_instead_is_named_with_the_model_s_provider(
    facts: Facts, catalogue: Catalogue
) -> None:
    class Parrot:
        def narrate(self, facts: Facts) -> EnhancedAnalysis:
            return EnhancedAnalysis(
                summary=f"Hm, {facts.photo}.", recommendations=(), source="a parrot"
            )

    model = Scripted(ModelError("unavailable", "throttled"))

    words = ModelNarrator(model, lambda: catalogue, Parrot()).narrate(facts)

    assert (words.summary, words.source) == ("Hm, good.", "a parrot after acme:unavailable")


def test_a_model_s_words_end_with_what_was_told_and_the_limits(
    reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    facts, _ = advised(reading(20, redness=30.0), catalogue, pregnancy="planning")
    model = Scripted(fair(facts))

    words = ModelNarrator(model, lambda: catalogue, TemplateNarrator()).narrate(facts)

    assert words.recommendations[-2:] == (
        f"Please note: {facts.told[-1]}",
        "This is cosmetic advice from one photo, not a medical opinion.",
    )
    assert words.severity == facts.severity


@pytest.mark.parametrize(("limit", "most"), [(None, 5), (0, 1), (3, 3), (99, 10)])
def test_a_look_up_answers_one_to_ten_products(
    limit: int | None, most: int, facts: Facts, catalogue: Catalogue
) -> None:
    asked: dict[str, Any] = {"condition": "redness"}
    if limit is not None:
        asked["limit"] = limit

    _, by_condition = tools_of(catalogue, Index(catalogue))

    assert len(by_condition.run(asked)) == most
