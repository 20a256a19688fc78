"""The one place that turns a reading into words: headline, chips, and a sentence on each part.

A name is said only where facet.domain.naming gave it; else the words give the range, and what would
settle it. Report, console, terminal, narrator and reasons show these words and make none of their
own. Pure Python: the API puts words to a reading at every poll.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from facet.domain.advice import AgeBand
from facet.domain.card import between_photos
from facet.domain.face import Concern, FaceReading, ItaClass, MonkShare, Prediction, Share, Tone
from facet.domain.naming import named, settles
from facet.domain.telling import Telling
from facet.domain.tone import ToneOfPerson, coverage, given, left_open, photo_kind
from facet.saying import plain, say, sentences

NORMAL = "normal"


def telling_of(
    reading: FaceReading, *, person: ToneOfPerson | None = None, age_band: AgeBand | None = None
) -> Telling:
    """A reading in words.

    person: the tone over all that speaks for it, where more than this photo does. age_band: as
    told; what it makes nonsense of is not said.
    """
    tone, known = reading.skin.tone, person if person and person.knows_more else None
    classes, season, shape = _classes(tone, known), reading.season, reading.face.shape
    leads, settle = leading(reading.skin.concerns), tuple(_settle(reading, known, classes))
    return Telling(
        headline=_headline(tone, known, classes),
        chips=tuple(_chips(reading, known, classes, age_band)),
        tone=_tone(known, classes, settle),
        undertone=_undertone(tone),
        season=_named_or_open("season", season),
        shape=_named_or_open("shape", shape),
        condition=_condition(reading.prediction, age_band),
        skin=" ".join(_skin(reading.skin.concerns, leads)),
        leads=tuple(concern.name for concern in leads),
        index=_index(reading),
        settle=settle,
    )


# --- tone ----------------------------------------------------------------------------------------


def tone_in_words(tone: Tone) -> str:
    """The class of a photo's tone, or the range it leaves open: "tan", "light to tan"."""
    return _range(_classes(tone, None))


def undertone_in_words(tone: Tone) -> str:
    """The undertone, or those it may be: "warm", "warm or neutral"."""
    return _either(_possible(tone))


def _classes(tone: Tone, person: ToneOfPerson | None) -> tuple[ItaClass, ...]:
    """The class that is named, or those that are left open, lightest first."""
    name, interval = tone.ita_class, tone.ita_interval
    if person:
        name, interval = person.ita_class, person.ita_interval
    if name:
        return (name,)
    if person is None and tone.open:
        return tone.open.classes
    return left_open(*interval).classes


def _range(classes: Sequence[str]) -> str:
    if len(classes) == 1:
        return classes[0]
    return say("telling.range", first=classes[0], last=classes[-1])


def _is_told(classes: Sequence[str]) -> bool:
    """Whether a range is worth reading."""
    return len(classes) <= int(_table()["widest"])


def _headline(tone: Tone, person: ToneOfPerson | None, classes: Sequence[str]) -> str:
    words = _range(classes).capitalize()
    whose = person.speaks if person else "photo"
    if len(classes) > 1 and not _is_told(classes):
        return say(f"telling.headline.unknown_{whose}")
    if len(classes) > 1:
        return say(f"telling.headline.open_{whose}", tone=words)
    if tone.undertone:
        return say("telling.headline.both", tone=words, undertone=tone.undertone)
    return say("telling.headline.tone", tone=words)


def _tone(person: ToneOfPerson | None, classes: Sequence[str], settle: Sequence[str]) -> str:
    whose = person.speaks if person else "photo"
    if len(classes) == 1:
        return say(f"telling.tone.named_{whose}", tone=classes[0])
    if _is_told(classes):
        text = say(f"telling.tone.open_{whose}", tone=_range(classes))
    else:
        text = say(f"telling.tone.unknown_{whose}", tone=_range(classes))
    more = (say("telling.tells_more", what=what) for what in settle[:1])
    return " ".join((text, *more))


def _possible(tone: Tone) -> tuple[str, ...]:
    """The undertone that is named, or those it may be, the likeliest first."""
    if tone.undertone:
        return (tone.undertone,)
    least = _table()["possible"]
    return tuple(share.name for share in tone.undertones if share.share >= least)


def _undertone(tone: Tone) -> str:
    possible = _possible(tone)
    if len(possible) == 1:
        key = "named" if tone.undertone else "likely"
        return say(f"telling.undertone.{key}", undertone=possible[0])
    if len(possible) == 2:
        return say("telling.undertone.open", undertone=_either(possible))
    return say("telling.undertone.unknown")


def _either(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return say("telling.either", names=", ".join(names[:-1]), last=names[-1])


def _settle(
    reading: FaceReading, person: ToneOfPerson | None, classes: Sequence[str]
) -> Iterator[str]:
    """What would settle tone or undertone; not what this photo or this person has given already."""
    kinds, photos = (person.evidence, person.photos) if person else ((), 1)
    has = given((*kinds, photo_kind(reading.quality.reference)), photos)
    if len(classes) > 1:
        asked = settles("ita_class", has)
    else:
        asked = () if reading.skin.tone.undertone else settles("undertone", has)
    yield from (say(f"telling.settle.{way}") for way in asked)


# --- chips ---------------------------------------------------------------------------------------


def _chips(
    reading: FaceReading,
    person: ToneOfPerson | None,
    classes: Sequence[str],
    age_band: AgeBand | None,
) -> Iterator[str]:
    tone = reading.skin.tone
    if _is_told(classes) and (monk := (person or tone).monk):
        yield _monk(monk, least=min(len(classes), 2))
    if tone.undertone and len(classes) > 1:  # else it stands in the headline
        yield say("telling.chip.undertone", undertone=tone.undertone.capitalize())
    if season := named("season", reading.season or ()):
        yield season
    if shape := named("shape", reading.face.shape or ()):
        yield say("telling.chip.shape", shape=plain(shape).capitalize())
    condition = _said(reading.prediction, age_band)
    if condition and condition != NORMAL:
        yield condition_in_words(condition).capitalize()
    if index := reading.skin.index:
        yield say("telling.chip.index", value=index.value)


def _monk(shares: Sequence[MonkShare], least: int) -> str:
    """The likeliest tones of the Monk scale, as many as hold what an interval holds, `least` where
    there are: one alone would be surer than a range of classes."""
    tones: list[int] = []
    held = 0.0
    for entry in shares:
        tones.append(entry.tone)
        held += entry.share
        if held >= coverage() and len(tones) >= least:
            break
    if len(tones) == 1:
        return say("telling.chip.monk", tone=tones[0])
    return say("telling.chip.monk_range", first=min(tones), last=max(tones))


# --- season, shape, condition --------------------------------------------------------------------


def _named_or_open(kind: Any, shares: Sequence[Share] | None) -> str | None:
    """One sentence on a season or a shape; None where the photo shows none."""
    if not shares:
        return None
    name = named(kind, shares)
    return say(f"telling.{kind}.named", name=plain(name)) if name else say(f"telling.{kind}.open")


def _said(prediction: Prediction | None, age_band: AgeBand | None) -> str | None:
    """The condition that is named, and is no nonsense at this age."""
    condition = prediction.condition if prediction else None
    too_young = _table()["too_young"].get(condition, ())
    return None if age_band in too_young else condition


def _condition(prediction: Prediction | None, age_band: AgeBand | None) -> str | None:
    if prediction is None:
        return None
    condition = _said(prediction, age_band)
    if condition is None:
        return say("telling.condition.open")
    if condition == NORMAL:
        return say("telling.condition.normal")
    return say("telling.condition.named", condition=condition_in_words(condition))


def condition_in_words(condition: str) -> str:
    """What the measures may speak for; a condition of a team's own table by its own name."""
    name = condition.replace("-", "_")
    if f"telling.condition_of.{name}" not in sentences():
        return plain(condition)
    return say(f"telling.condition_of.{name}")


# --- the measures --------------------------------------------------------------------------------


def leading(concerns: Sequence[Concern]) -> tuple[Concern, ...]:
    """The measures that stand out: low, and seen surely enough; what stands out most first."""
    rule = _table()["leads"]
    low = [
        concern
        for concern in weighed(concerns)
        if (100.0 if concern.score is None else concern.score) <= rule["below"]
        and concern.confidence >= rule["confidence"]
    ]
    return tuple(low[: rule["named"]])


def weighed(concerns: Sequence[Concern]) -> tuple[Concern, ...]:
    """The concerns that have a score, by what they lack times how surely that was seen."""
    scored = [(c, c.score) for c in concerns if c.score is not None]
    scored.sort(key=lambda row: (-(100 - row[1]) * row[0].confidence, row[1], row[0].name))
    return tuple(concern for concern, _ in scored)


def _skin(concerns: Sequence[Concern], leads: Sequence[Concern]) -> Iterator[str]:
    """The measures that stand out by name and score, the others by their number."""
    count = sum(concern.score is not None for concern in concerns)
    rest, unsure = count - len(leads), _unsure(concerns)
    if not count:
        yield say("summary.none")
    elif leads:
        yield say("summary.first", names=listed([_scored(concern) for concern in leads]))
        if unsure:
            yield say("summary.rest_unsure", count=rest)
        elif rest == 1:
            yield say("summary.rest_one")
        elif rest:
            yield say("summary.rest", count=rest)
    elif unsure:
        yield say("summary.unsure", count=count, names=listed([_scored(c) for c in unsure]))
    else:
        yield say("summary.calm", count=count)


def _unsure(concerns: Sequence[Concern]) -> list[Concern]:
    """The measures that are low and were not seen surely enough to stand out."""
    rule = _table()["leads"]
    low = [c for c in weighed(concerns) if c.score is not None and c.score <= rule["below"]]
    return [c for c in low if c.confidence < rule["confidence"]][: rule["named"]]


def _scored(concern: Concern) -> str:
    """A measure's name and score, and its band where it has one."""
    values = {"name": plain(concern.name), "score": round(concern.score or 0)}
    if concern.band:
        return say("summary.score_band", **values, band=concern.band)
    return say("summary.score", **values)


def _index(reading: FaceReading) -> str | None:
    if (index := reading.skin.index) is None:
        return None
    return say(
        "telling.index",
        value=index.value,
        least=max(index.minimum_change, between_photos("index", reading.versions) or 0),
        names=listed([plain(name) for name in index.of]),
    )


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them: "a", "a and b", "a, b and c"."""
    if len(names) == 1:
        return names[0]
    return say("summary.list", names=", ".join(names[:-1]), last=names[-1])


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("telling.toml").read_text(encoding="utf-8"))
