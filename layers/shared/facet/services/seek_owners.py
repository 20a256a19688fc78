"""Once a month: a picture whose row is gone is deleted.

Whoever puts a picture takes it away where its row went meanwhile, and deletes it on the next try if
it died before that. This is for what neither caught; garments have no other end.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from facet.domain.account import OwnersSought
from facet.domain.places import PLACES, row_of
from facet.services.ports import AccountJobs, Accounts, Objects

# Whatever is younger may still be waiting for its row to say that it is there.
OLD_ENOUGH = timedelta(days=1)


def send_seekers(jobs: AccountJobs) -> dict[str, int]:
    """Queue one walk for each place of pictures -> how many, by name."""
    walks = [OwnersSought(prefix=place.prefix) for place in PLACES if place.bucket == "media"]
    jobs.send(walks, "owners")
    return {"walks": len(walks)}


def seek_owners(
    job: OwnersSought,
    *,
    now: datetime,
    accounts: Accounts,
    media: Objects,
    jobs: AccountJobs,
    go_on: Callable[[], bool] = lambda: True,
) -> int:
    """Delete what lies below a prefix and has no row -> how many objects.

    go_on: asked after each object; where it says no, another message takes up from there.
    """
    deleted = 0
    there: tuple[str, str, bool] = ("", "", False)
    for key in media.keys_older(f"{job.prefix}/", now - OLD_ENOUGH, job.after):
        user_id, sort_key = row_of(key)
        if there[:2] != (user_id, sort_key):  # one row has several pictures, side by side
            there = (user_id, sort_key, accounts.has_row(user_id, sort_key))
        if not there[2]:
            media.delete(key)
            deleted += 1
        if not go_on():
            jobs.send([job.model_copy(update={"after": key})], "owners")
            break
    return deleted
