"""What can go wrong: retry it, give it up, or tell the person about their photo.

FacetError                        trying again may help
  + BusyError                     more is queued than is worked off
  + PermanentError                trying again cannot help; has a code and says its sentence
      + PhotoRejectedError        a photo gate's code, and every gate that fired
      + QuotaExceededError        quota_exceeded (domain/quota.py)
      + TooOftenError             too_often (domain/limits.py)
      + FileTooLargeError         file_too_large
      x what is asked for is not there, or somebody else's
      + AnalysisNotFoundError     analysis_not_found
      + AnalysisUnreadableError   analysis_unreadable
      + BagItemNotFoundError      bag_item_not_found
      + GarmentNotFoundError      garment_not_found
      + LookNotFoundError         look_not_found
      + LookUnreadableError       look_unreadable
      + ProductNotFoundError      product_not_found
      x there is no room for more
      + BelongingsFullError       belongings_full
      + ExportsUsedUpError        exports_used_up
      x it is there, but not fit for this
      + PhotoNotReadyError        photo_not_ready
      + PhotoGoneError            photo_gone
      + RegionNotPossibleError    region_not_possible
      + ProfileUnreadableError    profile_unreadable
      + GuardianConsentError      guardian_consent_missing

One class for each code that more than one place raises; a code of one place alone is a plain
PermanentError there. http/problems.toml lists them all, sentences/en.toml says them.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from facet.saying import say


class FacetError(Exception):
    """Anything Facet raises. Unless it is a PermanentError, trying again may help."""


class BusyError(FacetError):
    """More work is queued than the workers get through; try again after `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(say("problem.busy.detail"))
        self.retry_after = retry_after


class PermanentError(FacetError):
    """Trying again cannot help.

    code: stable snake_case word an app can switch on.
    retry_after: seconds after which the same may be asked for again, where that is known.
    message: one sentence that helps the person who reads it. Left out, it is problem.<code>.detail
    of the message file, with the values that its braces name.
    """

    retry_after: int | None = None

    def __init__(self, code: str, message: str | None = None, /, **values: Any) -> None:
        if message is None:
            message = say(f"problem.{code}.detail", **values)
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class PhotoRejectedError(PermanentError):
    """The photo cannot be analysed, or none of several.

    checks: every photo gate that was judged. photos: of several, what became of each.
    """

    def __init__(
        self, code: str, message: str, checks: Sequence[Any] = (), photos: Sequence[Any] = ()
    ) -> None:
        super().__init__(code, message)
        self.checks = tuple(checks)
        self.photos = tuple(photos)


class FileTooLargeError(PermanentError):
    """A photo that is larger than may be uploaded; both sizes in bytes."""

    def __init__(self, size: int, largest: int) -> None:
        super().__init__("file_too_large", size=size, largest=largest)


# --- not there, or somebody else's ---------------------------------------------------------------


class AnalysisNotFoundError(PermanentError):
    """There is no such analysis, or it is somebody else's."""

    def __init__(self) -> None:
        super().__init__("analysis_not_found")


class AnalysisUnreadableError(PermanentError):
    """There is such an analysis, but this release cannot read its row."""

    def __init__(self) -> None:
        super().__init__("analysis_unreadable")


class BagItemNotFoundError(PermanentError):
    """The bag holds no such item."""

    def __init__(self) -> None:
        super().__init__("bag_item_not_found")


class GarmentNotFoundError(PermanentError):
    """The wardrobe holds no such garment."""

    def __init__(self) -> None:
        super().__init__("garment_not_found")


class LookNotFoundError(PermanentError):
    """There is no such saved look, or it is somebody else's."""

    def __init__(self) -> None:
        super().__init__("look_not_found")


class LookUnreadableError(PermanentError):
    """There is such a look, but this release cannot read its row."""

    def __init__(self) -> None:
        super().__init__("look_unreadable")


class ProductNotFoundError(PermanentError):
    """The catalogue has no product of this id; ids change when another is published."""

    def __init__(self) -> None:
        super().__init__("product_not_found")


# --- no room for more ----------------------------------------------------------------------------


class BelongingsFullError(PermanentError):
    """Bag and wardrobe hold as many things as they may, together."""

    def __init__(self, most: int) -> None:
        super().__init__("belongings_full", most=most)


class ExportsUsedUpError(PermanentError):
    """All exports of the UTC day are used; the next may be asked for in `retry_after` seconds."""

    def __init__(self, most: int, retry_after: int) -> None:
        super().__init__("exports_used_up", most=most)
        self.retry_after = retry_after


# --- there, but not fit for this -----------------------------------------------------------------


class PhotoNotReadyError(PermanentError):
    """An analysis whose photo has not been read, or never will be."""

    def __init__(self) -> None:
        super().__init__("photo_not_ready")


class PhotoGoneError(PermanentError):
    """An analysis that was read, whose photo is no longer kept."""

    def __init__(self) -> None:
        super().__init__("photo_gone")


class RegionNotPossibleError(PermanentError):
    """Makeup that was asked for where its category does not go; `places` is where it does."""

    def __init__(self, category: str, places: Iterable[str]) -> None:
        super().__init__("region_not_possible", category=category, places=", ".join(places))


class ProfileUnreadableError(PermanentError):
    """A stored profile nobody can read: advice that overlooks an allergy is worse than none."""

    def __init__(self) -> None:
        super().__init__("profile_unreadable")


class GuardianConsentError(PermanentError):
    """Somebody under 18, whose guardian did not consent: no photo is taken, no advice given."""

    def __init__(self) -> None:
        super().__init__("guardian_consent_missing")
