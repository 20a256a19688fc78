"""Which texture suits a skin: as its owner told, else as the photo shows and the goals ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from facet.domain.advice import Profile
from facet.domain.face import Concern
from facet.domain.products import SkinType


@dataclass(frozen=True, slots=True)
class Texture:
    """The skin that products should be made for, and what speaks for it."""

    skin: SkinType | None = None  # None: nothing speaks for any
    sure: float = 0.0  # 0..1; from 1 on nothing is suggested that does not suit it
    concern: str = ""  # of the photo, where it is what speaks for it
    score: float = 0.0  # 0..100, of that concern


def texture_for(concerns: Sequence[Concern], profile: Profile, rules: Mapping[str, Any]) -> Texture:
    """The texture for a skin; rules: those of the catalogue (data/skincare/rules.toml).

    A measure speaks the louder the lower its score is, so that a score that wavers moves a weight
    and not a choice. Who wants to work on what was not measured says the same.
    """
    if profile.skin_type and profile.skin_type != "sensitive":
        return Texture(profile.skin_type, 1.0)
    shown = _shown(concerns, profile, rules)
    if rules["texture"]["dry_goal"] in profile.goals:
        # Skin that shines and is dry asks for something between the two.
        return Texture("combination" if shown.skin else "dry", 1.0)
    return shown


def _shown(concerns: Sequence[Concern], profile: Profile, rules: Mapping[str, Any]) -> Texture:
    scores = {
        concern.name: concern.score
        for concern in concerns
        if concern.score is not None and concern.confidence >= rules["needs"]["confidence"]
    }
    spoken = [
        Texture(
            skin=cast(SkinType, row["skin"]),
            sure=min(1.0, (row["from_score"] - score) / (row["from_score"] - row["sure"])),
            concern=row["concern"],
            score=score,
        )
        for row in rules["texture"]["shown"]
        if (score := scores.get(row["concern"])) is not None and score < row["from_score"]
    ]
    spoken += [
        Texture(cast(SkinType, row["skin"]), 1.0)
        for row in rules["texture"]["shown"]
        if row["concern"] in profile.goals and row["concern"] not in scores
    ]
    # The rows stand in the order of what they say most of; a sure one goes before an unsure one.
    return max(spoken, key=lambda texture: texture.sure, default=Texture())
