"""POST /v1/feedback: what a person makes of advice; it changes the next one, and the ranking."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field
from ulid import ULID

from facet.domain.analysis import Kind
from facet.domain.base import Part
from facet.domain.belongings import ITEM_ID, Shelf
from facet.domain.errors import AnalysisNotFoundError, PermanentError, ProductNotFoundError
from facet.domain.feedback import Judgement
from facet.domain.products import Slug
from facet.services.ports import Analyses, Products, Shelves

Said = Mapping[str, Any]


class NewFeedback(Part):
    """A verdict, a rating or a comment, on a result of an analysis or on a product."""

    analysis_id: str | None = Field(
        None, pattern="^[0-9A-HJKMNP-TV-Z]{26}$", description="ULID; with `kind`: on its result."
    )
    kind: Kind | None = Field(None, description="Which result of the analysis.")
    item_ids: tuple[Annotated[str, Field(pattern=ITEM_ID)], ...] = Field(
        (),
        max_length=20,
        description="Garments of the outfit or bag items of the look; at most 20.",
    )
    product_id: Slug | None = Field(
        None, description="On this product; with `analysis_id`, as its skincare result has it."
    )
    verdict: Literal["accept", "reject", "worn"] | None = Field(
        None, description="worn also sets the day the garments were last worn."
    )
    rating: int | None = Field(None, ge=1, le=5, description="1 no use at all .. 5 just right")
    comment: str | None = Field(
        None,
        min_length=1,
        max_length=2000,
        description="In their own words; nothing is read of it.",
    )
    on: date | None = Field(None, description="The day it is about; today (UTC) if left out.")


class FeedbackReceipt(Part):
    """The receipt for feedback that is kept."""

    feedback_id: str = Field(description="ULID.")
    created_at: datetime = Field(description="When it was said (UTC).")

    @classmethod
    def of(cls, feedback_id: str) -> Self:
        """The receipt for the feedback of this ULID, whose time is when it was said."""
        return cls(feedback_id=feedback_id, created_at=ULID.from_str(feedback_id).datetime)


def give_feedback(
    user_id: str,
    feedback: NewFeedback,
    *,
    feedback_id: str,
    analyses: Analyses,
    shelves: Shelves,
    products: Products,
    count: Callable[[str | None, bool | None], object],
) -> None:
    """Keep one piece of feedback with what the suggestion rested on.

    feedback_id: a ULID of when it was said, the same for the same request. count: told which
    ranking chose what was judged (None: no ranking did), and whether it was liked (None: neither);
    not called for a comment alone.
    Raises PermanentError: feedback_empty, feedback_without_subject, items_needed,
    day_in_the_future, analysis_not_found, result_not_found, not_in_the_result, product_not_found.
    """
    now = ULID.from_str(feedback_id).datetime
    check_feedback(feedback, now.date())
    learned: dict[str, Any] = {}
    if feedback.analysis_id:
        kind = feedback.kind or Kind.SKINCARE
        learned = {"kind": kind, **_of_result(user_id, feedback, kind, analyses)}
    elif feedback.product_id and products.get(feedback.product_id) is None:
        raise ProductNotFoundError
    day = feedback.on or now.date()
    told = feedback.model_dump(mode="json", exclude_defaults=True)
    is_new = shelves.put(
        user_id,
        Shelf.FEEDBACK,
        feedback_id,
        {**told, **learned, "on": day.isoformat(), "created_at": now.isoformat()},
    )
    if feedback.verdict == "worn" and feedback.kind is Kind.OUTFIT:
        for item_id in feedback.item_ids:
            shelves.change(user_id, Shelf.WARDROBE, item_id, lambda row: _worn(row, day))
    if is_new and (feedback.verdict or feedback.rating):
        judged = Judgement(person="", verdict=feedback.verdict, rating=feedback.rating)
        count(learned.get("ranking"), judged.liked)


def check_feedback(feedback: NewFeedback, today: date, *, named: bool = True) -> None:
    """Whether what is said holds together, before anything is looked up.

    today: UTC. named: whether a result has to be named by its analysis.

    Raises PermanentError: feedback_empty, feedback_without_subject, items_needed,
    day_in_the_future.
    """
    if feedback.verdict is None and feedback.rating is None and feedback.comment is None:
        raise PermanentError("feedback_empty")
    of_analysis = feedback.analysis_id or not named
    on_result = of_analysis and (feedback.kind or feedback.product_id)
    if not on_result and (
        feedback.item_ids or feedback.kind or feedback.analysis_id or not feedback.product_id
    ):
        raise PermanentError("feedback_without_subject")
    if feedback.kind is Kind.OUTFIT and feedback.verdict and not feedback.item_ids:
        raise PermanentError("items_needed")
    # It is tomorrow already in some places.
    if feedback.on and feedback.on > today + timedelta(days=1):
        raise PermanentError("day_in_the_future", day=feedback.on)


def _of_result(
    user_id: str, feedback: NewFeedback, kind: Kind, analyses: Analyses
) -> dict[str, Any]:
    """The ranking that chose, and the features of the suggestion, as far as the result has them."""
    analysis_id = feedback.analysis_id or ""
    if analyses.get(user_id, analysis_id) is None:
        raise AnalysisNotFoundError
    result = analyses.results(user_id, analysis_id).get(kind)
    if result is None or result.get("status") == "failed":
        raise PermanentError("result_not_found", kind=kind)
    advised = {part: value for part, value in result.items() if part != "notes"}
    missing = set(feedback.item_ids) - set(_values(advised, "item_id"))
    if feedback.product_id and feedback.product_id not in set(_values(advised, "product_id")):
        missing.add(feedback.product_id)
    if missing:
        raise PermanentError("not_in_the_result", kind=kind, names=", ".join(sorted(missing)))
    learned = {"ranking": result["ranking"]} if "ranking" in result else {}
    for suggestion in result.get("suggestions", ()):
        product = suggestion.get("product", {})
        if feedback.product_id and product.get("product_id") == feedback.product_id:
            learned["features"] = suggestion.get("features", {})
    return learned


def _values(node: Any, name: str) -> Iterator[str]:
    """Every value of this name, however deep it lies."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == name and isinstance(value, str):
                yield value
            else:
                yield from _values(value, name)
    elif isinstance(node, list | tuple):
        for child in node:
            yield from _values(child, name)


def _worn(garment: Said | None, day: date) -> Said | None:
    if garment is None or str(garment.get("last_worn", "")) >= day.isoformat():
        return None
    return {**garment, "last_worn": day.isoformat()}
