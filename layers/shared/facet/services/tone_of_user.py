"""The tone of a user, as every answer has it beside that of one photo."""

from datetime import datetime

from pydantic import Field

from facet.domain.advice import Profile
from facet.domain.errors import ProfileUnreadableError
from facet.domain.tone import ToneOfPerson
from facet.domain.tone_of_person import tone_of_person
from facet.services.keep_profile import profile_of
from facet.services.ports import Analyses, Shelves

_TOLD = ("monk_tone", "fitting_foundation")


class ProfileDocument(Profile):
    """The profile, with the tone that it and the kept photos make."""

    tone_of_person: ToneOfPerson | None = Field(
        default=None,
        description="read only; of all analyses that are kept and of what is told here",
    )


def tone_of_user(
    user_id: str, *, now: datetime, analyses: Analyses, shelves: Shelves
) -> ToneOfPerson | None:
    """What a user's kept analyses and their profile say of their tone; None: nothing.

    A profile that cannot be read tells nothing of it: advice says so, an answer need not fail.
    """
    try:
        stored = shelves.profile(user_id) or {}
        told = profile_of({name: stored[name] for name in _TOLD if name in stored})
    except ProfileUnreadableError:
        told = Profile()
    return tone_of_person(analyses.tones(user_id, now), told)


def with_tone(user_id: str, told: Profile, *, now: datetime, analyses: Analyses) -> ProfileDocument:
    """A profile as it is answered."""
    tone = tone_of_person(analyses.tones(user_id, now), told)
    return ProfileDocument(**dict(told), tone_of_person=tone)
