"""A reading in words: no surer than its numbers, for whoever shows or says it."""

from pydantic import Field

from facet.domain.base import Answer


class Telling(Answer):
    """What a photo says of a face, in words to show as they are."""

    headline: str = Field(description="the tone in a few words; a range where it is left open")
    chips: tuple[str, ...] = Field(
        default=(), description="facts of two or three words: what has a name, and no more"
    )
    tone: str = Field(
        description="a sentence on the skin tone, and one on what would tell more where it is open"
    )
    undertone: str = Field(description="one sentence on the undertone")
    season: str | None = Field(default=None, description="one sentence on the colour season")
    shape: str | None = Field(default=None, description="one sentence on the shape of the face")
    condition: str | None = Field(
        default=None, description="one sentence on what the measures speak for"
    )
    skin: str = Field(description="what of the measures stands out, of those that are sure enough")
    leads: tuple[str, ...] = Field(
        default=(), description="names of the concerns that stand out, first the one that does most"
    )
    index: str | None = Field(default=None, description="one sentence on the overall index")
    settle: tuple[str, ...] = Field(
        default=(),
        description="what would settle what the photo leaves open, the easiest first; empty where "
        "tone and undertone are named",
    )
