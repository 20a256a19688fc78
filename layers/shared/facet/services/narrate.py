"""An analysis put into words. It completes without them rather than not at all."""

from collections.abc import Callable, Mapping
from typing import Any

from facet.advice.words.facts import facts_of
from facet.advice.words.narrator import Narrator
from facet.domain.analysis import Kind, ReadAnalysis
from facet.domain.narration import EnhancedAnalysis


def narrate(
    analysis: ReadAnalysis,
    results: Mapping[Kind, Mapping[str, Any]],
    *,
    narrator: Callable[[], Narrator],
    failed: Callable[[Exception], None],
) -> EnhancedAnalysis | None:
    """An analysis and its advice in words; None where nothing was measured, or no words came.

    failed: told of what the narrator, or the making of it, raised.
    """
    if analysis.reading is None:
        return None
    try:
        return narrator().narrate(facts_of(analysis.reading, results, age_band=analysis.age_band))
    except Exception as error:
        failed(error)
        return None
