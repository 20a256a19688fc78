"""What every adviser's answer has: notes on what became of things, and the sources it cites."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from facet.domain.advice import Note


class Notes(list[Note]):
    """Notes in the order things were noticed."""

    def add(
        self, code: str, text: str, item_id: str | None = None, source: str | None = None
    ) -> None:
        """A note with its machine code; item_id: of what is owned and it is about."""
        sources = (source,) if source else ()
        self.append(Note(code=code, text=text, item_id=item_id, sources=sources))


class Cites(Protocol):
    """A reason, a note, a step: what names its sources."""

    @property
    def sources(self) -> Sequence[str]: ...


def cited(things: Iterable[Cites]) -> list[str]:
    """Ids of the sources these things cite, once each, in the order they are first cited."""
    return list(dict.fromkeys(source for thing in things for source in thing.sources))
