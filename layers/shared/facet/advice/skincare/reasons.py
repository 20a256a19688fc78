"""Why a product is in a routine, in sentences: each points at the fact it rests on."""

from collections.abc import Iterable, Iterator

from facet.advice.skincare.aims import main_parts
from facet.advice.skincare.needs import Need
from facet.advice.skincare.read import Brief
from facet.advice.skincare.routine import Choice, Proposal, is_scheduled
from facet.catalogue.catalogue import Item
from facet.catalogue.evidence import (
    best_for,
    evidence_reason,
    is_unstated,
    skin_type_reason,
)
from facet.domain.advice import Reason
from facet.domain.tone import ita_class
from facet.saying import plain, say


def reasons_of(brief: Brief, choice: Choice, item: Item) -> Iterator[Reason]:
    """Reasons why a product has its place in the routine, owned or proposed."""
    if proposal := choice.proposal_of(item):
        yield from reasons_to_get(brief, proposal)
        return
    yield Reason(text=say("routine.why.owned"), points_at=f"bag.{item.item_id}")
    if brief.is_prescribed(item):
        yield Reason(text=say("routine.why.prescribed"), points_at=f"bag.{item.item_id}")
        yield from _met(brief, item, least=1)
    elif item.step == "protect":
        yield sun_reason(brief)
    elif is_scheduled(choice.week, item):
        yield from _met(brief, item, least=1)
        yield from _owned_evidence(brief, item)
    elif item.step != "treat":  # a hydrating layer needs no more
        yield from _met(brief, item, least=2)


def reasons_to_get(brief: Brief, proposal: Proposal) -> Iterator[Reason]:
    """Reasons why a product is proposed for its gap."""
    item = proposal.item
    if proposal.need:
        yield from need_reasons(proposal.need)
        yield from _evidence(brief, item, proposal.need.goal)
        yield from _besides(brief, item, proposal.need)
        yield from _choice_reasons(brief, item, proposal.need)
        yield from sensitive_reasons(brief)
        return
    if proposal.gap == "protect":
        if item.tinted:
            yield from tint_reasons(brief)
        yield sun_reason(brief)
    else:
        text = say("routine.why.gap", category=item.category)
        source = brief.rules["routine"]["source"]
        yield Reason(text=text, points_at="rules.routine", sources=(source,))
        yield from _met(brief, item, least=2)
    yield from _suits(brief, item)


def need_reasons(need: Need) -> Iterator[Reason]:
    """A reason for each thing that asks for a goal."""
    name = plain(need.goal)
    for score in need.scores:
        text = say("routine.why.measured", concern=name.capitalize(), score=score)
        yield Reason(text=text, points_at=f"skin.concerns.{need.goal}")
    for rank in need.ranks:
        yield Reason(text=say("routine.why.goal", goal=name), points_at=f"profile.goals.{rank}")
    if need.dry:
        yield Reason(text=say("routine.why.dry"), points_at="profile.skin_type")


def sensitive_reasons(brief: Brief) -> Iterator[Reason]:
    """Reasons why the skin is spared what is harsh; none where it is not."""
    if brief.care.told_sensitive:
        yield Reason(text=say("routine.why.sensitive"), points_at="profile.sensitive")
    for score in brief.care.redness:
        text = say("routine.why.red", score=score)
        yield Reason(text=text, points_at="skin.concerns.redness")


def sun_reason(brief: Brief) -> Reason:
    """The reason why every morning ends with sun protection."""
    rule = brief.rules["sun"]
    return Reason(text=rule["text"], points_at="rules.sun", sources=(rule["source"],))


def tint_reasons(brief: Brief) -> Iterator[Reason]:
    """Reasons why a tinted sunscreen is the better one; none where it is not."""
    rule = brief.rules["tone"]
    for need in brief.care.pigment:
        yield from need_reasons(need)
    if brief.care.dark_marks == "told":
        text = say("routine.why.dark_marks")
        yield Reason(text=text, points_at="profile.pigmentation_prone")
    elif brief.care.dark_marks == "tone":
        tone = ita_class(rule["tinted_below_ita"])
        text = say(f"routine.why.deep_{brief.tone_of}", tone=tone)
        of = "skin.tone.ita" if brief.tone_of == "photo" else "skin.tone_of_person.ita"
        yield Reason(text=text, points_at=of, sources=(rule["source"],))
    if brief.care.wants_tint:
        yield Reason(text=rule["text"], points_at="rules.tone", sources=(rule["source"],))


def _met(brief: Brief, item: Item, *, least: int) -> Iterable[Reason]:
    """The needs it helps with at least this grade of evidence, 1..3."""
    aims = brief.aims_of(item)
    for need in brief.care.needs:
        if aims.get(need.goal, 0) >= least:
            yield from need_reasons(need)


def _suits(brief: Brief, item: Item) -> Iterator[Reason]:
    """Which of the skin types a person told us a proposed product is made for."""
    product = brief.catalogue.product(item.product_id) if item.product_id else None
    skin_types = product.skin_types if product else ()
    skin = brief.profile.skin_type
    if skin and skin != "sensitive" and skin in skin_types:
        yield skin_type_reason(skin)
    elif brief.texture.concern and brief.texture.skin in skin_types:
        yield texture_reason(brief)
    if "sensitive" in skin_types:
        yield from sensitive_reasons(brief)


def texture_reason(brief: Brief) -> Reason:
    """The reason why a texture was chosen by the photo."""
    texture = brief.texture
    text = say(
        f"routine.why.texture_{texture.skin}",
        concern=plain(texture.concern).capitalize(),
        score=texture.score,
    )
    source = brief.rules["texture"]["source"]
    points_at = f"skin.concerns.{texture.concern}"
    return Reason(text=text, points_at=points_at, sources=(source,))


def _choice_reasons(brief: Brief, item: Item, need: Need) -> Iterator[Reason]:
    """Why a treatment was taken before others for two needs at once; none where it was not."""
    for rule in brief.rules["first_choice"]:
        asked = rule["goal"] == need.goal and rule["beside"] in brief.care.goals
        if asked and rule["ingredient"] in item.tags:
            text = say(
                "routine.why.first_choice", goal=plain(need.goal), beside=plain(rule["beside"])
            )
            yield Reason(text=text, points_at="rules.first_choice", sources=(rule["source"],))


def _owned_evidence(brief: Brief, item: Item) -> Iterator[Reason]:
    """What in an owned treatment helps the weightiest need that it meets, and how sure that is."""
    aims = brief.aims_of(item)
    goal = next((need.goal for need in brief.care.needs if need.goal in aims), None)
    if goal:
        yield from _evidence(brief, item, goal)


def _besides(brief: Brief, item: Item, chosen_for: Need) -> Iterator[Reason]:
    """What else that is asked for a treatment helps, so that nothing more is suggested for it."""
    aims = brief.aims_of(item)
    for need in brief.care.needs:
        if need.goal != chosen_for.goal and need.goal in aims:
            yield from _evidence(brief, item, need.goal)


def _evidence(brief: Brief, item: Item, goal: str) -> Iterator[Reason]:
    """How sure it is that a treatment helps a goal, and by which of its main actives."""
    parts = main_parts(item, brief.catalogue)
    unstated = item.owned and is_unstated(parts)
    if best := best_for(goal, parts, rinse_off=item.rinse_off, unstated=unstated):
        grade, ingredient = best
        yield evidence_reason(grade, goal, ingredient)
