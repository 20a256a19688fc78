"""Text folded so that two spellings of a word are one: what is compared, never what is shown."""

import re
import unicodedata
from collections.abc import Mapping

_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_WORD = re.compile(r"[^\W_]+")
# Letters that nobody sees: soft hyphen, joiners, byte order mark.
UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_LETTERS = UNSEEN | str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})


def normal(text: str) -> str:
    """Lower case, ASCII, words apart by one space: 'Alpha-Arbutin 2 %' -> 'alpha arbutin 2'.

    Of a script without ASCII letters nothing is left: "".
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _NOT_A_WORD.sub(" ", text.lower()).strip()


def fold(text: str) -> list[str]:
    """Words of any script without case and accents: 'Crème SŒUR-2' -> ['creme', 'soeur', '2']."""
    if not text.isascii():
        folded = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
        text = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return _WORD.findall(text.casefold())


def singular(word: str) -> str:
    """An English word without the s of its plural: 'parabens' -> 'paraben', 'grass' stays."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def category_called(text: str, called: Mapping[str, str]) -> str:
    """The category that people call so ('Face Washes'), or would if we knew it ('face_washes').

    called: [routine.called] of rules.toml, words -> category.
    """
    words = normal(text)
    plain = words.removeprefix("facial ").removeprefix("face ")
    forms = (words, singular(words), plain, singular(plain))
    known = {name.replace("_", " "): name for name in called.values()}
    found = (called.get(form) or known.get(form) for form in forms)
    return next((name for name in found if name), words.replace(" ", "_"))


def says_something(text: str) -> bool:
    """Whether a text holds a letter or a digit of any script: "-" is no label."""
    return any(map(str.isalnum, text))
