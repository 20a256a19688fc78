"""What is kept of a request that bears an Idempotency-Key."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reservation:
    """What the first request of a key left: its id, a digest of its body, and whether it was made
    to its end."""

    row_id: str
    body: str
    made: bool = False
