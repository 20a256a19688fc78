"""What a phone has to send to a bucket."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Upload:
    """What a phone has to send: this method to this URL with exactly these headers."""

    method: str
    url: str
    headers: dict[str, str]
