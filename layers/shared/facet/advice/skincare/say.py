"""A routine in words: its steps, what to get, what to know about it and whom to ask."""

from collections.abc import Iterator, Sequence

from facet.advice.skincare.load import is_peel, is_wash
from facet.advice.skincare.read import Brief
from facet.advice.skincare.reasons import reasons_of, reasons_to_get, sun_reason
from facet.advice.skincare.routine import Choice, Proposal, Remark, sun_sources
from facet.advice.skincare.week import DAYS, Obstacle, Placed
from facet.advice.words.telling import tone_in_words
from facet.catalogue.catalogue import Item
from facet.domain.advice import Note, ProductRef, Profile, RampStage, Step, Suggestion
from facet.domain.products import Session
from facet.saying import plain, say

# --- what was known ------------------------------------------------------------------------------


def based_on(brief: Brief) -> tuple[str, ...]:
    """What the routine is based on, in words."""
    told = "; ".join(_told(brief.profile)) or say("routine.based_on.nothing_told")
    return (
        *_seen(brief),
        say("routine.based_on.told", told=told),
        say("routine.based_on.owned", count=len(brief.shelf)),
    )


def _seen(brief: Brief) -> Iterator[str]:
    skin = brief.skin
    if skin is None:
        yield say("routine.based_on.no_photo")
        return
    tone = skin.tone
    key = "tone" if tone.ita_class else "tone_open"
    yield say(f"routine.based_on.{key}_{brief.tone_of}", tone=tone_in_words(tone))
    if measured := sum(concern.score is not None for concern in skin.concerns):
        yield say("routine.based_on.measures", count=measured)
    else:
        yield say("routine.based_on.no_measures")


def _told(profile: Profile) -> Iterator[str]:
    if profile.age_band:
        yield say(f"routine.based_on.age_{profile.age_band}")
    if profile.skin_type:
        yield say("routine.based_on.skin_type", skin=profile.skin_type)
    if profile.sensitive:
        yield say("routine.based_on.sensitive")
    if profile.goals:
        yield say("routine.based_on.goals", goals=", ".join(map(plain, profile.goals)))
    if avoids := (*profile.allergies, *profile.avoided_ingredients):
        yield say("routine.based_on.avoids", names=", ".join(avoids))
    if profile.pregnancy:
        yield say(f"routine.based_on.{profile.pregnancy}")
    if profile.budget:
        yield say("routine.based_on.budget", budget=profile.budget)


# --- steps ---------------------------------------------------------------------------------------


def steps_of(brief: Brief, choice: Choice, session: Session) -> tuple[Step, ...]:
    """The steps of a morning or an evening, in the order they are put on."""
    steps = tuple(_step(brief, choice, placed) for placed in choice.in_order(session))
    # Sun protection closes every morning, even where we know no product that would do.
    if session == "am" and "sunscreen" in choice.missing:
        return (*steps, _sunscreen_to_find(brief))
    return steps


def _step(brief: Brief, choice: Choice, placed: Placed) -> Step:
    item, ramp = placed.item, choice.week.ramp(placed)
    cautions, sources = _cautions(brief, choice, placed)
    return Step(
        step=item.step or "treat",
        product=_product(item),
        owned=item.owned,
        new=placed.new,
        prescribed=placed.prescribed,
        days=placed.days,
        how_often=_how_often(placed, ramp),
        ramp=ramp,
        why=tuple(dict.fromkeys(reasons_of(brief, choice, item))),
        cautions=tuple(dict.fromkeys(cautions)),
        sources=tuple(dict.fromkeys(sources)),
    )


def _sunscreen_to_find(brief: Brief) -> Step:
    """The last step of a morning for which the catalogue has no sunscreen."""
    name = say("routine.sunscreen_to_find", spf=brief.rules["sun"]["spf"])
    return Step(
        step="protect",
        product=ProductRef(name=name, category="sunscreen"),
        owned=False,
        days=DAYS,
        how_often=say("routine.often.am.every"),
        why=(sun_reason(brief),),
    )


def _cautions(brief: Brief, choice: Choice, placed: Placed) -> tuple[list[str], list[str]]:
    """What to mind with a product, and the sources of that and of what its actives do."""
    item = placed.item
    cautions, sources = list(item.cautions), list(item.sources)
    if asking := sun_sources(brief.rules, item):
        cautions.append(brief.rules["sun"]["needed_text"])
        sources += asking
    for pace in brief.rules["pace"]:
        if pace["family"] in item.tags and not is_wash(item):
            cautions.append(pace["text"])
            sources.append(pace["source"])
    for pair in choice.week.pairs_of(item):
        if pair.get("caution"):
            cautions.append(pair["caution"])
            sources.append(pair["source"])
    if is_peel(brief.rules, item):
        cautions.append(say("routine.peel"))
        sources.append(brief.rules["peel"]["source"])
    if item.medicine == "prescription":
        cautions.append(brief.rules["doctor"]["prescription"])
    return cautions, sources


def _how_often(placed: Placed, ramp: Sequence[RampStage]) -> str:
    """Days a week to begin with, and from when it may be more."""
    count = len(placed.days)
    pace = "every" if count == len(DAYS) else "once" if count == 1 else "some"
    often = say(f"routine.often.{placed.session}.{pace}", count=count)
    if placed.prescribed:
        return say("routine.often.prescribed", often=often)
    if len(ramp) < 2:
        return often
    return say("routine.often.ramp", often=often, stages="; ".join(map(_stage, ramp[1:])))


def _stage(stage: RampStage) -> str:
    if stage.days_per_week == len(DAYS):
        return say("routine.often.stage_daily", week=stage.from_week)
    return say("routine.often.stage", week=stage.from_week, count=stage.days_per_week)


def _product(item: Item) -> ProductRef:
    return ProductRef(
        product_id=item.product_id, item_id=item.item_id, name=item.name, category=item.category
    )


def suggestion_of(brief: Brief, proposal: Proposal) -> Suggestion:
    """A product to get, with its reasons."""
    return Suggestion(
        gap=proposal.gap,
        product=_product(proposal.item),
        price_band=proposal.item.price_band,
        why=tuple(reasons_to_get(brief, proposal)),
        features=dict(proposal.features),
    )


# --- notes ---------------------------------------------------------------------------------------


def note_of(brief: Brief, remark: Remark) -> Note:
    """What to know about a routine, in a sentence."""
    sun, introduce = brief.rules["sun"], brief.rules["introduce"]
    goal = plain(remark.goal)
    text = say(
        f"routine.note.{remark.sentence}",
        name=remark.about.name if remark.about else "",
        goal=goal,
        goal_first=goal.capitalize(),
        category=remark.category,
        obstacle=_obstacle(remark.obstacle) if remark.obstacle else "",
        before=remark.before.name if remark.before else "",
        week=remark.week,
        needs_sun=sun["needed_text"],
        one_at_a_time=introduce["text"],
    )
    return Note(
        code=remark.code,
        text=text,
        item_id=remark.about.item_id if remark.about else None,
        sources=(remark.source,) if remark.source else (),
    )


def _obstacle(obstacle: Obstacle) -> str:
    if obstacle.kind == "rule":
        return obstacle.rule
    return say(f"routine.obstacle.{obstacle.kind}", rule=obstacle.rule)


def see_doctor(brief: Brief) -> tuple[Note, ...]:
    """Notes on what a doctor should see, by the photo or by what was told; empty: nothing."""
    rules = brief.rules
    scores = {
        concern.name: concern.score
        for concern in (brief.skin.concerns if brief.skin else ())
        if concern.score is not None and concern.confidence >= rules["needs"]["confidence"]
    }
    hints = [
        Note(code=rule["concern"], text=rule["text"], sources=(rule["source"],))
        for rule in rules["see_doctor"]
        if rule["concern"] in scores and scores[rule["concern"]] <= rule["below"]
    ]
    if brief.profile.pregnancy:
        doctor = rules["doctor"]
        sources = (doctor["pregnancy_source"],)
        hints.append(Note(code="pregnancy", text=doctor["pregnancy"], sources=sources))
    return tuple(hints)
