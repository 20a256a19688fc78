"""Which ranking a user's products are ordered by."""

from facet.advice.ranking import Ranking, Rollout, load_ranking


def ranking_for(user_id: str, rollout: Rollout) -> Ranking:
    """The ranking of a user, always the same. Raises FacetError for one this release lacks."""
    return load_ranking(rollout.version_for(user_id))
