"""Measures and advice in a language model's words, which are checked before anyone reads them."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from facet.advice.words.model_answer import checked
from facet.advice.words.narrator import Narrator, closing, rules, wear
from facet.catalogue.catalogue import GOALS, Catalogue
from facet.catalogue.index import Index
from facet.domain.narration import EnhancedAnalysis, Facts, LanguageModel, ModelError, Tool
from facet.domain.products import Product
from facet.domain.search import Query, Search

logger = logging.getLogger(__name__)

MOST_PRODUCTS = 10  # that one look-up answers


class ModelNarrator:
    """Has a language model find the words, checks them, and has another say it if they fail.

    The model may look products up but name only those of the advice: they alone were held against
    what the person avoids, and no model is told that.
    """

    def __init__(
        self,
        model: LanguageModel,
        catalogue: Callable[[], Catalogue],
        instead: Narrator,
        search: Callable[[Catalogue], Search] = Index,
    ) -> None:
        self._model = model
        self._catalogue = catalogue
        self._instead = instead
        self._search = search

    def narrate(self, facts: Facts) -> EnhancedAnalysis:
        """The facts in the model's words, or in the other narrator's where those fail a check."""
        catalogue, model = self._catalogue(), self._model
        try:
            tools = tools_of(catalogue, self._search(catalogue))
            text = model.ask(rules()["prompt"]["system"], facts.prompt(), tools)
            answer = checked(text, facts, catalogue)
        except ModelError as error:
            logger.warning("templates speak instead of the model: %s", error)
            words = self._instead.narrate(facts)
            source = f"{words.source} after {model.provider}:{error.reason}"
            return words.model_copy(update={"source": source})
        return EnhancedAnalysis(
            summary=" ".join((*facts.first, answer.summary)),
            severity=facts.severity,
            recommendations=(*answer.recommendations, *wear(facts), *closing(facts.told)),
            source=f"{model.provider}:{model.name}",
        )


# --- what the model may look up --------------------------------------------------------------


def tools_of(catalogue: Catalogue, products: Search) -> tuple[Tool, Tool]:
    """The two look-ups of a model: products by words and products by a condition they help."""
    limit = {"type": "integer", "minimum": 1, "maximum": MOST_PRODUCTS}

    def search(asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        text = str(asked["query"]).strip()
        if not text:
            raise ValueError("an empty query")
        results = products.search(Query(text=text[:200], limit=_most(asked)))
        named = (hit.product or catalogue.product(hit.product_id) for hit in results.hits)
        return [_shown(product) for product in named if product]

    def by_condition(asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        if asked["condition"] not in GOALS:
            raise ValueError(f"no such condition; there are {', '.join(GOALS)}")
        return [_shown(p) for p in catalogue.by_concern(asked["condition"], _most(asked))]

    return (
        Tool(
            "search_products",
            "Products of the catalogue by the words of their names, brands and ingredients, best "
            "first.",
            {
                "type": "object",
                "properties": {"query": {"type": "string"}, "limit": limit},
                "required": ["query"],
            },
            search,
        ),
        Tool(
            "get_products_by_condition",
            "Products of the catalogue that help a condition, best evidence first.",
            {
                "type": "object",
                "properties": {
                    "condition": {"type": "string", "enum": list(GOALS)},
                    "limit": limit,
                },
                "required": ["condition"],
            },
            by_condition,
        ),
    )


def _most(asked: Mapping[str, Any]) -> int:
    """How many products a call asks for, 1..MOST_PRODUCTS."""
    return max(1, min(int(asked.get("limit", 5)), MOST_PRODUCTS))


def _shown(product: Product) -> dict[str, Any]:
    """What a model sees of a product, as JSON."""
    return product.model_dump(
        mode="json",
        include={"product_id", "name", "category", "actives", "concerns", "cautions", "am_pm"},
    )
