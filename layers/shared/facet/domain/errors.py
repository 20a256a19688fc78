"""What can go wrong: retry it, give it up, or tell the person about their photo."""

from collections.abc import Sequence
from typing import Any


class FacetError(Exception):
    """Anything Facet raises. Unless it is a PermanentError, trying again may help."""


class PermanentError(FacetError):
    """Trying again cannot help.

    code: stable snake_case word an app can switch on.
    message: one sentence that helps the person who reads it.
    """

    def __init__(self, code: str, message: str, **details: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.details = details


class PhotoRejectedError(PermanentError):
    """The photo cannot be analysed; `checks` holds every photo gate that was judged."""

    def __init__(self, code: str, message: str, checks: Sequence[Any] = ()) -> None:
        super().__init__(code, message)
        self.checks = tuple(checks)


class AnalysisNotFoundError(PermanentError):
    """There is no such analysis, or it is somebody else's."""

    def __init__(self) -> None:
        super().__init__("analysis_not_found", "You have no analysis with this id.")


class ProductNotFoundError(PermanentError):
    """The catalogue has no product of this id; ids change when another is published."""

    def __init__(self) -> None:
        super().__init__("product_not_found", "The catalogue has no product with this id.")


class ProfileUnreadableError(PermanentError):
    """A stored profile nobody can read: advice that overlooks an allergy is worse than none."""

    def __init__(self) -> None:
        super().__init__(
            "profile_unreadable", "Your profile could not be read; please save it again."
        )


class BusyError(FacetError):
    """More work is queued than the workers get through; try again after `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("more photos are waiting than can be analysed soon")
        self.retry_after = retry_after
