"""Who is let in, and to what: every call of the contract, with what others may try."""

import pytest

from tests.integration.conftest import CLIENT_ID, Stack
from tests.integration.routes import GUARDED, NOBODYS, Route

by_name = pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.name)

# What Cognito signs for others than this stack's app, by what the authoriser makes of it.
FOREIGN = {
    "another client of the pool": {"aud": "7another4client4of4the4pool"},
    "an access token": {"aud": "", "token_use": "access", "client_id": CLIENT_ID},
    "two audiences": {"aud": f"[{CLIENT_ID} other]"},
    "no audience": {"aud": ""},
}


@by_name
def test_only_a_token_for_this_stack_s_client_is_let_in(stack: Stack, route: Route) -> None:
    for name, claims in FOREIGN.items():
        status, body, _ = route.call(stack, NOBODYS, claims=claims)

        assert (status, body["code"]) == (401, "unauthorized"), name
