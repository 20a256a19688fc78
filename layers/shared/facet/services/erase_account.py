"""DELETE /v1/me: nothing of a user is left but that there was one.

Mark, objects, rows, user; then all of it again, when whatever was at work for the user as they were
erased has ended; and last the record that it is done. Every step may be repeated, and the queue
repeats all of them until the last one has been taken, so a crash between any two is mended.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ulid import ULID

from facet.domain.account import (
    ERASURE_DELAY,
    ERASURE_PATIENCE,
    Erasure,
    ErasureRequested,
    Person,
)
from facet.domain.places import PLACES
from facet.services.ports import AccountJobs, Accounts, Objects, Users


def request_erasure(
    person: Person,
    correlation_id: str,
    *,
    now: datetime,
    accounts: Accounts,
    jobs: AccountJobs,
) -> Erasure:
    """Queue the erasure of a user and mark the account; asked again, say how far it is."""
    erasure = accounts.erasure(person.user_id)
    if erasure and (erasure.erased_at or now - erasure.requested_at < ERASURE_PATIENCE):
        return erasure
    erasure_id = erasure.erasure_id if erasure else str(ULID.from_datetime(now))
    job = ErasureRequested(user_id=person.user_id, username=person.username, erasure_id=erasure_id)
    # The message first: a mark without one would lock out a user whom nobody erases.
    jobs.send([job], correlation_id, delay=ERASURE_DELAY)
    return accounts.mark_erasure(person.user_id, erasure_id, now)


def erase_account(
    job: ErasureRequested,
    *,
    accounts: Accounts,
    users: Users,
    uploads: Objects,
    media: Objects,
    jobs: AccountJobs,
    looks_again_after: timedelta,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> bool:
    """Remove everything of a user; safe to repeat -> whether it is done.

    looks_again_after: longer than any function runs, after which the same is done once more. A
    worker may die right after it put a picture, when nobody removes it.
    """
    erasure = accounts.mark_erasure(job.user_id, job.erasure_id, clock())
    if erasure.erased_at:
        return True
    # What the pipeline was writing when its rows went, it removes itself, or the next look does.
    while _remove_what_is_there(job.user_id, accounts=accounts, uploads=uploads, media=media):
        pass
    users.delete(job.username)
    if not job.again:
        again = job.model_copy(update={"again": True})
        jobs.send([again], job.erasure_id, delay=looks_again_after)
        return False
    accounts.end_erasure(job.user_id, clock())
    return True


def _remove_what_is_there(
    user_id: str, *, accounts: Accounts, uploads: Objects, media: Objects
) -> bool:
    """Remove a user's objects and rows -> whether there were any."""
    anything = False
    buckets = {"uploads": uploads, "media": media}
    for place in PLACES:
        if objects := buckets[place.bucket].erase_below(place.of_user(user_id)):
            accounts.count_erased(user_id, objects=objects, rows=0)
            anything = True
    if rows := accounts.delete_rows(user_id):
        accounts.count_erased(user_id, objects=0, rows=rows)
        anything = True
    return anything
