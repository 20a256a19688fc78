"""What a skin asks for: from what its photo shows and from what its owner told.

Nothing is in words yet: facet.advice.skincare.reasons says it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from facet.catalogue.age import ADULT, Age
from facet.catalogue.catalogue import GOALS
from facet.domain.advice import Profile
from facet.domain.face import Concern, Skin
from facet.domain.naming import reaches
from facet.domain.tone import share_below

type Rules = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Need:
    """A goal, and everything that asks for it."""

    goal: str
    weight: float  # 0..1
    scores: tuple[float, ...]  # 0..100, 100 best, of its concern in the photo; where it is low
    ranks: tuple[int, ...]  # where it stands among the goals a person told, 0 first
    dry: bool  # whether it is asked for by skin that is said to be dry


@dataclass(frozen=True, slots=True)
class Care:
    """What a skin asks for, and what it has to be spared."""

    needs: tuple[Need, ...]  # the weightiest first
    told_sensitive: bool
    redness: tuple[float, ...]  # scores, 0..100, so low that the skin is treated as sensitive
    deep: float  # 0..1, how much of its tone lies where skin darkens in visible light
    dark_marks: Literal["told", "tone"] | None  # why they come easily; None: nothing speaks for it
    pigment: tuple[Need, ...]  # of the needs those that visible light makes worse

    @property
    def is_sensitive(self) -> bool:
        """Whether it is spared what is harsh."""
        return self.told_sensitive or bool(self.redness)

    @property
    def goals(self) -> frozenset[str]:
        """The goals of its needs."""
        return frozenset(need.goal for need in self.needs)

    def too_harsh(self, irritancy: int, aims: Collection[str], rules: Rules) -> bool:
        """Whether something of this irritancy, 0..3, that is for these goals is to be spared it.

        Blemishes are red: what treats them is not kept from skin that only its photo calls
        sensitive.
        """
        if irritancy < rules["needs"]["too_harsh"] or not self.is_sensitive:
            return False
        return self.told_sensitive or not {"blemishes"} & self.goals & set(aims)

    @property
    def wants_tint(self) -> bool:
        """Whether a sunscreen that keeps out visible light is the better one."""
        return bool(self.pigment) or self.dark_marks is not None


def care_for(skin: Skin | None, profile: Profile, rules: Rules, age: Age = ADULT) -> Care:
    """What a skin asks for; rules: those of the catalogue (data/skincare/rules.toml).

    skin: None without a photo; then only what is told asks for anything.
    """
    concerns = skin.concerns if skin else ()
    every = _needs(concerns, profile, rules["needs"])
    needs = tuple(need for need in every if age.works_on(need.goal))
    deep = share_below(skin.tone.monk, rules["tone"]["tinted_below_ita"]) if skin else 0.0
    return Care(
        needs=needs,
        told_sensitive=profile.sensitive or profile.skin_type == "sensitive",
        redness=_scores(concerns, "redness", rules["needs"], "sensitive_redness"),
        deep=deep,
        dark_marks=_dark_marks(profile, deep),
        pigment=tuple(need for need in needs if need.goal in rules["tone"]["pigment"]),
    )


def _needs(concerns: Sequence[Concern], profile: Profile, rule: Rules) -> tuple[Need, ...]:
    """rule: the table `needs` of the rules."""
    needs = (_need(goal, concerns, profile, rule) for goal in GOALS)
    return tuple(
        sorted(
            (need for need in needs if need.scores or need.ranks or need.dry),
            key=lambda need: (-need.weight, need.goal),
        )
    )


def _need(goal: str, concerns: Sequence[Concern], profile: Profile, rule: Rules) -> Need:
    scores = _scores(concerns, goal, rule, "below")
    ranks = tuple(rank for rank, told in enumerate(profile.goals) if told == goal)
    dry = goal == "dryness" and profile.skin_type == "dry"
    weights = [1 - score / 100 for score in scores]
    weights += [rule["goal"] * 0.95**rank for rank in ranks]
    weights += [rule["dry_skin"]] * dry
    return Need(goal, max(weights, default=0.0), scores, ranks, dry)


def _scores(
    concerns: Sequence[Concern], name: str, rule: Rules, threshold: str
) -> tuple[float, ...]:
    """Scores of a concern that are sure enough and not above the rule's threshold."""
    return tuple(
        concern.score
        for concern in concerns
        if concern.name == name
        and concern.score is not None
        and concern.confidence >= rule["confidence"]
        and concern.score <= rule[threshold]
    )


def _dark_marks(profile: Profile, deep: float) -> Literal["told", "tone"] | None:
    """What speaks for dark marks: a tone does only where its share would name it."""
    if profile.pigmentation_prone:
        return "told"
    sure = reaches("ita_class", "deep", deep)
    return "tone" if sure and profile.pigmentation_prone is None else None
