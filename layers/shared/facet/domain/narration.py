"""The facts that plain words are made of, and the words themselves: `enhanced_analysis`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import Field

from facet.domain.base import Part, Stored
from facet.domain.errors import FacetError
from facet.domain.telling import Telling

Seriousness = Literal["none", "mild", "moderate", "marked"]


class EnhancedAnalysis(Stored):
    """The analysis and its advice in plain words: cosmetic, never a diagnosis."""

    summary: str = Field(description="a paragraph or two")
    severity: Seriousness | None = Field(
        default=None, description="of the most marked measure; absent: no skin measure was taken"
    )
    recommendations: tuple[str, ...] = Field(
        description="what to do, in order, then every caution and any hint to see a doctor"
    )
    source: str = Field(
        description="templates; <provider>:<model id>; or templates after <provider>:<reason>, "
        "where the reason is unavailable, paused, no_answer or rejected"
    )


class Measure(Part):
    """One skin concern that was measured."""

    name: str
    score: int = Field(ge=0, le=100, description="100 is best")
    band: str | None = None
    confidence: float = Field(default=1.0, ge=0, le=1, description="how surely it was seen")


class ProductFact(Part):
    """A product of the advice. A name its owner gave it is not a fact: only the category is."""

    product_id: str | None = None
    name: str | None = None
    category: str
    owned: bool = False


class StepFact(Part):
    """One step of a routine or of a look."""

    when: str = Field(description="morning, evening, or the look it belongs to")
    what: str = Field(description="cleanse, treat, moisturise, protect, makeup")
    product: ProductFact
    how_often: str | None = None
    why: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()


class GapFact(Part):
    """A gap in the routine, and the one product that would fill it."""

    gap: str
    product: ProductFact


class OutfitFact(Part):
    """An outfit to wear, in its owner's names for the garments, which are in no prompt."""

    occasion: str
    garments: tuple[str, ...]


class Facts(Part):
    """Measures and advice as plain data: no picture, no id; what a person typed is in no prompt."""

    photo: str | None = Field(default=None, description="good or usable; absent: no photo")
    telling: Telling | None = Field(
        default=None, description="the reading in words: what has a name, and what is left open"
    )
    measures: tuple[Measure, ...] = Field(
        default=(), description="first what stands out most, by score and confidence"
    )
    unmeasured: tuple[str, ...] = ()
    severity: Seriousness | None = None
    steps: tuple[StepFact, ...] = ()
    gaps: tuple[GapFact, ...] = ()
    see_doctor: tuple[str, ...] = ()
    told: tuple[str, ...] = Field(
        default=(),
        description="cautions about what a person told, of their health or what they avoid: in no "
        "prompt",
    )
    first: tuple[str, ...] = Field(
        default=(), description="what the summary says before all else: in no prompt"
    )
    outfit: OutfitFact | None = Field(
        default=None, description="the one that suits best: in no prompt, its names are typed"
    )
    missing: tuple[str, ...] = Field(default=(), description="kinds of advice that failed")

    @property
    def cautions(self) -> tuple[str, ...]:
        """Every caution of the steps, once, in their order."""
        return tuple(dict.fromkeys(text for step in self.steps for text in step.cautions))

    def prompt(self) -> str:
        """The facts that a language model may see, as JSON."""
        return self.model_dump_json(
            exclude_none=True, exclude_defaults=True, exclude={"told", "first", "outfit"}
        )


@dataclass(frozen=True, slots=True)
class Tool:
    """Something a language model may call."""

    name: str
    description: str
    schema: Mapping[str, Any]  # JSON Schema of its input, an object
    run: Callable[[Mapping[str, Any]], Any]  # input -> JSON; ValueError for one that it refuses


class ModelError(FacetError):
    """A language model gave no answer that can be used; `reason` as EnhancedAnalysis.source."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class LanguageModel(Protocol):
    """Answers one question, calling tools on its way."""

    provider: str  # as EnhancedAnalysis.source names it
    name: str  # the model's id there

    def ask(self, system: str, question: str, tools: tuple[Tool, ...]) -> str:
        """The model's last text. Raises ModelError."""
        ...
