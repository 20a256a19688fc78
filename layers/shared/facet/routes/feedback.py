"""Feedback: what the person makes of the advice."""

from http import HTTPStatus

from aws_lambda_powertools import single_metric
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.metrics import MetricUnit

from facet.http.answers import json_response
from facet.http.caller import caller
from facet.http.idempotency import IdempotencyKey
from facet.http.problems import problems
from facet.routes.router import WiredRouter
from facet.services.give_feedback import FeedbackReceipt, NewFeedback, give_feedback

router = WiredRouter()


def count_feedback(ranking: str | None, liked: bool | None) -> None:
    """Count a judged suggestion: the metric's average is the share people liked, by ranking."""
    if ranking is not None and liked is not None:
        with single_metric("SuggestionLiked", MetricUnit.Count, int(liked)) as metric:
            metric.add_dimension("ranking", ranking)


@router.post(
    "/v1/feedback",
    summary="Say what came of advice",
    operation_id="giveFeedback",
    description="On a result (`analysis_id` and `kind`, with the `item_ids` of the outfit or look) "
    "or on a product. The next outfit keeps to it; the ranking of products learns from it.",
    tags=["feedback"],
    responses=problems(
        201,
        FeedbackReceipt,
        "feedback_empty",
        "feedback_without_subject",
        "items_needed",
        "day_in_the_future",
        "not_in_the_result",
        "analysis_not_found",
        "result_not_found",
        "product_not_found",
    ),
)
def post_feedback(feedback: NewFeedback, idempotency_key: IdempotencyKey = None) -> Response[str]:
    router.wiring.limits.spend(router, writes=1)
    with router.wiring.repeats.asked(router, idempotency_key, feedback) as asked:
        if not asked.made:
            router.wiring.limits.spend(router, feedback=1)
            give_feedback(
                caller(router).user_id,
                feedback,
                feedback_id=asked.id,
                analyses=router.wiring.analyses,
                shelves=router.wiring.shelves,
                products=router.wiring.products,
                count=count_feedback,
            )
    return json_response(FeedbackReceipt.of(asked.id), HTTPStatus.CREATED)
