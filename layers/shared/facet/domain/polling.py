"""When an app should ask again, in milliseconds; whatever is waited for, the pace is here."""

from collections.abc import Callable

from facet.domain.analysis import Status

POLL_AFTER_MS = {
    Status.AWAITING_UPLOAD: 1000,
    Status.ANALYZING: 400,
    Status.RECOMMENDING: 250,
}
POLL_LOOK_AFTER_MS = 400
POLL_GARMENT_AFTER_MS = 1000
POLL_EXPORT_AFTER_MS = 2000
# A recommendation job takes 15 ms, and ten batches of them run at once.
POLL_MS_PER_JOB = 2
POLL_STEP_MS = 250
LONGEST_POLL_MS = 5000


def poll_after_ms(status: Status, waiting: Callable[[], int]) -> int | None:
    """When an app should ask for an analysis again; None once there is nothing to wait for.

    The pace of the state, and once the photo is there 2 ms more for every recommendation job that
    waits in the queue: in whole steps of 250 ms, so that an unchanged answer keeps its ETag, and
    5 s at most. waiting: how many jobs there are, asked only where it matters.
    """
    pace = POLL_AFTER_MS.get(status)
    if pace is None or status is Status.AWAITING_UPLOAD:
        return pace
    queued = POLL_MS_PER_JOB * waiting() // POLL_STEP_MS * POLL_STEP_MS
    return min(pace + queued, LONGEST_POLL_MS)
