"""Words from facts: what is always said, what never is, and what of a model's answer is refused."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from facet.advice.harmony import LCh
from facet.advice.makeup import recommend_makeup
from facet.advice.narrator import ModelNarrator, TemplateNarrator, facts_of
from facet.advice.outfit import recommend_outfit
from facet.advice.skincare import recommend_skincare
from facet.catalogue.catalogue import Catalogue
from facet.colour import hex_from_lab
from facet.domain.advice import Profile
from facet.domain.analysis import Kind
from facet.domain.face import FaceReading
from facet.domain.narration import EnhancedAnalysis, Facts, ModelError, Tool

SECRETS = ("Zelda", "Annabel", "item-77", "pregnan", "midwife")
READINGS = [
    {"redness": 30.0, "dark_spots": 45.0, "pores": 80.0},
    {"blemishes": 20.0, "shine": 55.0},
    {"wrinkles": 95.0},
    {},
]


def advised(
    reading: FaceReading, catalogue: Catalogue, **told: Any
) -> tuple[Facts, Mapping[str, Any]]:
    """Facts and the skincare document of someone with a private bag and private allergies."""
    profile = Profile(allergies=("Zelda oil",), **told)
    bag = [
        {"item_id": "item-77", "name": "Annabel's cream", "category": "moisturiser"},
        {"item_id": "item-78", "name": "Annabel's gel", "ingredients": ["Retinol"]},
        {"schema": 0},
    ]
    result = recommend_skincare(reading, profile, bag, catalogue)
    document = result.model_dump(mode="json", exclude_none=True)
    return facts_of(reading, {Kind.SKINCARE: document}), document


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


def words_of(said: EnhancedAnalysis) -> str:
    return " ".join((said.summary, *said.recommendations))


@pytest.mark.parametrize("scores", READINGS, ids=lambda scores: "+".join(scores) or "none")
@pytest.mark.parametrize("told", [{}, {"pregnancy": "pregnant"}, {"goals": ("wrinkles",)}])
def test_templates_keep_every_caution_and_every_hint_to_see_a_doctor(
    scores: dict[str, float],
    told: dict[str, Any],
    reading: Callable[..., FaceReading],
    catalogue: Catalogue,
) -> None:
    facts, document = advised(reading(20, **scores), catalogue, **told)

    said = TemplateNarrator().narrate(facts)

    spoken = words_of(said)
    for step in (*document["am"], *document["pm"]):
        for caution in step["cautions"]:
            assert caution in spoken
        if step["product"].get("product_id"):
            assert step["product"]["name"] in spoken
    for hint in document["see_doctor"]:
        assert hint["text"] in spoken
    assert said.source == "templates"
    assert said == TemplateNarrator().narrate(facts)


@pytest.mark.parametrize("scores", READINGS, ids=lambda scores: "+".join(scores) or "none")
def test_templates_say_low_scores_as_they_are_and_praise_nothing(
    scores: dict[str, float], reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    facts, _ = advised(reading(20, **scores), catalogue)

    said = TemplateNarrator().narrate(facts)

    for name, score in scores.items():
        if score <= 70:
            assert f"{name.replace('_', ' ')} ({score:.0f} of 100" in said.summary
    assert not {"perfect", "beautiful", "flawless", "great", "disease"} & set(
        words_of(said).lower().split()
    )
    assert (said.severity is None) == (not any(m.band for m in facts.measures))


def test_without_measures_it_says_so(
    reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    said = TemplateNarrator().narrate(advised(reading(), catalogue)[0])
    assert "No skin measure could be taken" in said.summary
    assert said.severity is None


def test_the_most_marked_band_is_the_severity(
    reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    plain = reading(20, redness=30.0, pores=60.0)
    concerns = tuple(
        concern.model_copy(update={"band": band})
        for concern, band in zip(plain.skin.concerns, ("marked", "mild"), strict=True)
    )
    banded = plain.model_copy(update={"skin": plain.skin.model_copy(update={"concerns": concerns})})

    facts, _ = advised(banded, catalogue)

    assert facts.severity == "marked"
    assert "redness (30 of 100, marked)" in TemplateNarrator().narrate(facts).summary


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
    said = ModelNarrator(Scripted(fair(facts)), lambda: catalogue, TemplateNarrator()).narrate(
        facts
    )

    assert said.source == "acme:a.model"
    first = next(step.product for step in facts.steps if step.product.product_id)
    assert f"Use {first.name} first" in said.recommendations[0]


def test_what_was_told_of_health_is_added_after_the_model(
    reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    facts, _ = advised(reading(20, redness=30.0), catalogue, pregnancy="planning")
    model = Scripted(fair(facts))

    said = ModelNarrator(model, lambda: catalogue, TemplateNarrator()).narrate(facts)

    assert said.source == "acme:a.model"
    assert any("midwife" in sentence for sentence in said.recommendations)


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

    said = ModelNarrator(Scripted(bad), lambda: catalogue, TemplateNarrator()).narrate(facts)

    assert said.source == "templates after acme:rejected"
    assert said.recommendations == TemplateNarrator().narrate(facts).recommendations


def test_a_product_that_was_not_advised_is_refused_though_the_catalogue_has_it(
    facts: Facts, catalogue: Catalogue
) -> None:
    advised_ids = {step.product.product_id for step in facts.steps}
    advised_ids |= {gap.product.product_id for gap in facts.gaps}
    other = next(id_ for id_ in catalogue.ids if id_ not in advised_ids)
    good = json.loads(fair(facts))
    bad = json.dumps({**good, "recommendations": [*good["recommendations"], f"Use [{other}]."]})

    said = ModelNarrator(Scripted(bad), lambda: catalogue, TemplateNarrator()).narrate(facts)

    assert said.source == "templates after acme:rejected"


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

        said = ModelNarrator(model, lambda: catalogue, TemplateNarrator()).narrate(facts)

        assert said.source == "templates after acme:rejected", dropped


@pytest.mark.parametrize("answer", ["", "Hello!", "{}", '{"summary": 1}', "{nonsense}"])
def test_what_is_not_the_json_asked_for_is_refused(
    answer: str, facts: Facts, catalogue: Catalogue
) -> None:
    said = ModelNarrator(Scripted(answer), lambda: catalogue, TemplateNarrator()).narrate(facts)
    assert said.source == "templates after acme:rejected"


def test_a_silent_model_leaves_the_word_to_the_templates(
    facts: Facts, catalogue: Catalogue
) -> None:
    model = Scripted(ModelError("paused", "it failed five times"))
    said = ModelNarrator(model, lambda: catalogue, TemplateNarrator()).narrate(facts)
    assert said.source == "templates after acme:paused"


def test_the_tools_answer_from_the_catalogue(facts: Facts, catalogue: Catalogue) -> None:
    model = Scripted(fair(facts))
    ModelNarrator(model, lambda: catalogue, TemplateNarrator()).narrate(facts)
    search, by_condition = model.asked[0][2]

    found = search.run({"query": "retinol", "limit": 3})
    assert 0 < len(found) <= 3
    assert all("retinol" in f"{p['product_id']} {p['name']}".lower() for p in found)
    helped = by_condition.run({"condition": "redness"})
    assert [p["product_id"] for p in helped] == [
        p.product_id for p in catalogue.by_concern("redness", 5)
    ]
    with pytest.raises(ValueError, match="no such condition"):
        by_condition.run({"condition": "boredom"})
    with pytest.raises(ValueError, match="empty"):
        search.run({"query": " "})


def test_a_result_of_another_schema_is_named_and_spoils_nothing(
    reading: Callable[..., FaceReading],
) -> None:
    results: dict[Kind, dict[str, Any]] = {
        kind: {"status": "completed", "steps": 7} for kind in Kind
    }
    facts = facts_of(reading(redness=40.0), results)

    assert facts.missing == ("skincare", "makeup", "outfit")
    assert "skincare advice could not be made" in TemplateNarrator().narrate(facts).summary


def test_the_best_look_is_named_with_its_cautions_and_without_its_owner_s_words(
    reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    bag = [{"item_id": "item-9", "name": "Annabel's lipstick", "category": "lipstick"}]
    result = recommend_makeup(reading(20, redness=40.0), Profile(), bag, catalogue, "work")
    step = result.looks[0].steps[0].model_copy(update={"cautions": ("Not on broken skin.",)})
    look = result.looks[0].model_copy(update={"steps": (step, *result.looks[0].steps[1:])})
    document = result.model_copy(update={"looks": (look,)}).model_dump(mode="json")

    facts = facts_of(reading(20, redness=40.0), {Kind.MAKEUP: document})

    said = words_of(TemplateNarrator().narrate(facts))
    assert f"For the {look.occasion} look, take your " in said
    assert "Not on broken skin." in said
    assert "Annabel" not in facts.prompt() + said


def test_what_is_avoided_and_own_names_of_a_look_s_shades_are_told_to_no_model(
    reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    skin = LCh.of_lab(reading().skin.tone.lab)
    bag = [
        {
            "item_id": f"item-{lighter}",
            "name": f"Annabel's base {lighter}",
            "category": "foundation",
            "ingredients": ["Mica"],
            "shade": hex_from_lab((skin.lightness + lighter, *skin.lab[1:])),
        }
        for lighter in (0, 2, -2)
    ]
    profile = Profile(allergies=("Zelda oil",))
    result = recommend_makeup(reading(), profile, bag, catalogue, "work")
    facts = facts_of(reading(), {Kind.MAKEUP: result.model_dump(mode="json", exclude_none=True)})

    assert "try one" in str(result), "an owned neighbour is named to its owner"
    assert "Annabel" not in facts.prompt()
    assert "Zelda" not in facts.prompt()
    assert "Choose one without: Zelda oil." in words_of(TemplateNarrator().narrate(facts))


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
    spoken = ModelNarrator(model, lambda: catalogue, TemplateNarrator()).narrate(facts)
    assert wear in spoken.recommendations
    assert spoken.source == "acme:a.model"
    assert "Zelda" not in model.asked[0][1]
