"""A language model's answer: what of it is refused, and how its products get their names.

The words it must not use are in narrator.toml.
"""

import re
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, Field

from facet.advice.words.narrator import rules
from facet.catalogue.catalogue import Catalogue
from facet.domain.narration import Facts, ModelError

_PRODUCT = re.compile(r"\[([^\[\]]*)\]")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_OWNED = re.compile(r"['’]s$")
_CAPITALS = ("I", "SPF", "UV", "UVA", "UVB")  # that are no names


class Answer(BaseModel):
    """The JSON that a model is asked for."""

    summary: str = Field(min_length=20, max_length=1200)
    recommendations: tuple[str, ...] = Field(min_length=1, max_length=40)

    @property
    def text(self) -> str:
        """All its sentences, one a line."""
        return " \n".join((self.summary, *self.recommendations))


def checked(text: str, facts: Facts, catalogue: Catalogue) -> Answer:
    """The model's answer with [product_id] replaced by names.

    Raises ModelError("rejected") where it is not the JSON asked for, names a product outside the
    catalogue or the advice, spells a name that is not in the facts, names a tone, season, shape or
    kind of skin that they leave open, drops a caution or a hint to see a doctor, uses a number that
    is not in the facts, or praises, promises or diagnoses.

    Names are found by their capital letter: within a sentence any such word must be in the facts,
    at its start only one before a category ("Brandname cleanser") or of mixed case is taken for a
    name. A brand written in lower case is not recognised.
    """
    answer = _parsed(text)
    cautions = (*facts.cautions, *facts.see_doctor)
    _refuse_a_dropped_caution(answer, cautions)
    own = _own_words(answer, cautions)
    _refuse_words(own)
    _refuse_unnamed(own, facts)
    _refuse_numbers(_PRODUCT.sub(" ", own), facts)
    _refuse_names(_PRODUCT.sub(" ", own), facts)
    return _with_names(answer, facts, catalogue)


def _parsed(text: str) -> Answer:
    """The JSON object within the text."""
    try:
        return Answer.model_validate_json(text[text.index("{") : text.rindex("}") + 1])
    except ValueError as error:
        raise ModelError("rejected", "not the JSON that was asked for") from error


def _refuse_a_dropped_caution(answer: Answer, cautions: Iterable[str]) -> None:
    kept = _squeezed(" ".join(answer.recommendations))
    for caution in cautions:
        if _squeezed(caution) not in kept:
            raise ModelError("rejected", "a caution is missing")


def _squeezed(text: str) -> str:
    return " ".join(text.split()).casefold()


def _own_words(answer: Answer, cautions: Iterable[str]) -> str:
    """The answer without the cautions it repeats, which may stand in pieces of their own."""
    own = answer.text
    for caution in cautions:
        own = repeated(caution).sub(" \n", own)
    return own


def repeated(caution: str) -> re.Pattern[str]:
    """The words of a caution, in any case and with any space between."""
    return re.compile(r"\s+".join(map(re.escape, caution.split())), re.IGNORECASE)


def _refuse_words(own: str) -> None:
    for word in re.findall(r"[a-z]+", own.casefold()):
        if word.startswith(tuple(rules()["refused"]["words"])):
            raise ModelError("rejected", f"it says {word}")


def _refuse_unnamed(own: str, facts: Facts) -> None:
    """A class, undertone, season, shape or kind of skin that the facts do not give by that name."""
    told = facts.prompt().casefold()
    for kind, patterns in rules()["unnamed"].items():
        said = {name for pattern in patterns for name in re.findall(pattern, own.casefold())}
        known = {name for pattern in patterns for name in re.findall(pattern, told)}
        if said - known:
            raise ModelError("rejected", f"a {kind} that the facts leave open")


def _refuse_numbers(own: str, facts: Facts) -> None:
    allowed = {*_NUMBER.findall(facts.prompt()), "100"}
    if unknown := set(_NUMBER.findall(own)) - allowed:
        raise ModelError("rejected", f"numbers that are not in the facts: {sorted(unknown)}")


def _refuse_names(own: str, facts: Facts) -> None:
    allowed = set(re.findall(r"[a-z]+", facts.prompt().casefold()))
    allowed |= set(rules()["refused"]["openers"])
    for sentence in re.split(r"[.!?:;\n]+", own):
        for name in _names(_WORD.findall(sentence)):
            if _OWNED.sub("", name).casefold() not in allowed:
                raise ModelError("rejected", "a name that is not in the facts")


def _names(words: Sequence[str]) -> Iterable[str]:
    """The words of one sentence that look like names."""
    for at, word in enumerate(words):
        capital = word[0].isupper() and word not in _CAPITALS
        if capital and (at > 0 or _is_a_name_at_the_start(words)):
            yield word


def _is_a_name_at_the_start(words: Sequence[str]) -> bool:
    """Whether the first word is of mixed case, owns something or stands before a category."""
    first, second = words[0], words[1].casefold() if len(words) > 1 else ""
    mixed = any(letter.isupper() for letter in first[1:])
    return mixed or bool(_OWNED.search(first)) or second in rules()["refused"]["categories"]


def _with_names(answer: Answer, facts: Facts, catalogue: Catalogue) -> Answer:
    """The answer with each [product_id] spelt as the catalogue does."""
    advised = {step.product.product_id for step in facts.steps}
    advised |= {gap.product.product_id for gap in facts.gaps}

    def spelt(match: re.Match[str]) -> str:
        row = catalogue.row(match[1])
        if row is None or match[1] not in advised:
            raise ModelError("rejected", "a product that is not of the advice")
        return catalogue.name(row)

    return Answer(
        summary=_PRODUCT.sub(spelt, answer.summary),
        recommendations=tuple(_PRODUCT.sub(spelt, text) for text in answer.recommendations),
    )
