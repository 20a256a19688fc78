"""The profile: what the person tells of themselves."""

from aws_lambda_powertools.event_handler import Response

from facet.domain.advice import Profile
from facet.http.answers import json_response
from facet.http.caller import caller
from facet.http.problems import problems
from facet.routes.router import WiredRouter
from facet.services.keep_profile import keep_profile, read_profile

router = WiredRouter()


@router.get(
    "/v1/profile",
    summary="Read the profile",
    operation_id="getProfile",
    description="What the user told; an empty one where they told nothing yet.",
    tags=["profile"],
    responses=problems(200, Profile, "profile_unreadable"),
)
def get_profile() -> Response[str]:
    return json_response(read_profile(caller(router).user_id, shelves=router.wiring.shelves))


@router.put(
    "/v1/profile",
    summary="Replace the profile",
    operation_id="putProfile",
    description="All of it: a field left out is forgotten. Advice keeps to it from now on.",
    tags=["profile"],
    responses=problems(200, Profile),
)
def put_profile(profile: Profile) -> Response[str]:
    return json_response(
        keep_profile(caller(router).user_id, profile, shelves=router.wiring.shelves)
    )
