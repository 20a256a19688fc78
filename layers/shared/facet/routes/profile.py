"""The profile: what the person tells of themselves."""

from datetime import UTC, datetime

from aws_lambda_powertools.event_handler import Response

from facet.domain.advice import Profile
from facet.http.answers import json_response
from facet.http.caller import caller
from facet.http.problems import problems
from facet.routes.router import WiredRouter
from facet.services.keep_profile import keep_profile, read_profile
from facet.services.tone_of_user import ProfileDocument, with_tone

router = WiredRouter()


@router.get(
    "/v1/profile",
    summary="Read the profile",
    operation_id="getProfile",
    description="What the user told; an empty one where they told nothing yet. Beside it "
    "`tone_of_person`, the tone of all their photos that are kept and of what they told of it.",
    tags=["profile"],
    responses=problems(200, ProfileDocument, "profile_unreadable"),
)
def get_profile() -> Response[str]:
    user_id = caller(router).user_id
    return _answer(user_id, read_profile(user_id, shelves=router.wiring.shelves))


@router.put(
    "/v1/profile",
    summary="Replace the profile",
    operation_id="putProfile",
    description="All of it: a field left out is forgotten. Advice keeps to it from now on. "
    "`tone_of_person` is read only, and not taken.",
    tags=["profile"],
    responses=problems(200, ProfileDocument, "profile_too_large"),
)
def put_profile(profile: Profile) -> Response[str]:
    router.wiring.limits.spend(router, writes=1)
    user_id = caller(router).user_id
    kept = keep_profile(
        user_id,
        profile,
        most_bytes=router.wiring.settings.max_profile_bytes,
        shelves=router.wiring.shelves,
    )
    return _answer(user_id, kept)


def _answer(user_id: str, told: Profile) -> Response[str]:
    now, analyses = datetime.now(UTC), router.wiring.analyses
    return json_response(with_tone(user_id, told, now=now, analyses=analyses))
