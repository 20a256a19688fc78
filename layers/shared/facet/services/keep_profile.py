"""GET and PUT /v1/profile: what a person tells us, and advice keeps to."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from facet.domain.advice import AgeBand, Profile
from facet.domain.errors import GuardianConsentError, PermanentError, ProfileUnreadableError
from facet.domain.products import Goal
from facet.services.ports import Shelves


def read_profile(user_id: str, *, shelves: Shelves) -> Profile:
    """The profile as it was told, or an empty one. Raises PermanentError(profile_unreadable)."""
    return profile_of(shelves.profile(user_id) or {})


def keep_profile(user_id: str, profile: Profile, *, most_bytes: int, shelves: Shelves) -> Profile:
    """The profile as it is kept from now on: all of it is replaced.

    most_bytes: of its JSON in UTF-8. Raises PermanentError(profile_too_large).
    """
    profile = profile.model_copy(update={"goals": tuple(dict.fromkeys(profile.goals))})
    told = profile.model_dump(mode="json", exclude_defaults=True)
    size = len(json.dumps(told, ensure_ascii=False).encode())
    if size > most_bytes:
        raise PermanentError("profile_too_large", size=size, most=most_bytes)
    shelves.save_profile(user_id, told)
    return profile


def consented(profile: Profile) -> Profile:
    """The profile, of an adult or with a guardian's consent. Raises GuardianConsentError."""
    if profile.lacks_consent:
        raise GuardianConsentError
    return profile


def consenting_age(user_id: str, *, shelves: Shelves) -> AgeBand | None:
    """The age that a person who may be advised told: an adult, or with a guardian's consent.

    Raises GuardianConsentError, and PermanentError(profile_unreadable) where that cannot be read.
    """
    stored = shelves.profile(user_id) or {}
    told = {name: stored[name] for name in ("age_band", "guardian_consent") if name in stored}
    return consented(profile_of(told)).age_band


def profile_of(stored: Mapping[str, Any], goals: tuple[Goal, ...] = ()) -> Profile:
    """What the person told us, with this analysis' own goals first; fields we do not know are left.

    Raises PermanentError(profile_unreadable): advice that overlooks an allergy is worse than none.
    """
    fields = {name: value for name, value in stored.items() if name in Profile.model_fields}
    try:
        profile = Profile.model_validate(fields)
    except ValidationError as error:
        raise ProfileUnreadableError from error
    return profile.model_copy(update={"goals": tuple(dict.fromkeys((*goals, *profile.goals)))})
