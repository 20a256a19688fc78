"""The text of a label cut into its entries: what is printed, before anyone asks what it means.

A label is typed entry by entry or pasted as a whole, with the heading, the footnotes and the
advertisement round it. The words that tell these apart are in label_text.toml.
"""

import html
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from facet.catalogue.words import UNSEEN

Part = Literal["listed", "active", "may_contain"]
Heading = Literal["", "list", "active", "other"]

_PERCENT = re.compile(
    r"(?<!\d)(\d+(?:[.,]\d+)?)\s*(?:[%％]|per ?cent\b)(?:\s*\(?[wv]/[wv]\)?)?", re.IGNORECASE
)
_MARKS = re.compile(r"[*†‡§#¹²³™®©\ufffd\u200b]+|(?<=[^\W\d])\++(?!\w)|(?<=\))\++")
_BRACKETED = re.compile(r"[(\[{](?:[^()\[\]{}]|[(\[{][^()\[\]{}]*[)\]}])*[)\]}]")
_OPEN, _CLOSE = re.compile(r"[(\[{]"), re.compile(r"[)\]}]")
_IN_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
# Not the comma of 1,2-Hexanediol or of 2,5 %; not the dash of PEG - 8.
_BETWEEN = re.compile(
    r"[;；、，•·∙⋅・●▪◦‣|\n\x01]|,(?!(?<=\d,)\d)|\s[-–—]\s+(?=\D)|\s\+\s+(?=[^\W\d])|\s(?=[*†‡¹²³]+\s*[^\W\d])"
)
_GLUED = re.compile(r"[%％]\s*(?=[A-Z])")
_HIDDEN = {ord(mark): 0xE000 + n for n, mark in enumerate(",;•·∙⋅・●▪◦‣|\n\t.:-–—")}
_SHOWN = {hidden: mark for mark, hidden in _HIDDEN.items()}
_SENTENCE = re.compile(
    r"(?<!\bsp)(?<!\bspp)(?<!\bvar)(?<!\bssp)(?<!\bno)(?<!\bst)\.(?:[*+]*\s)+(?=[A-Z*+†(\[-])|\s\.(?=[A-Z])|\.(?=[*+†])",
)
_FOOTNOTE = re.compile(r"^\s*(?:[*+†‡§#¹²³-]+\s*(?=\w)|[*†‡]+)")
_BLURB = re.compile(r"^\s*[-–•]++\s*+[^:,]{2,120}:\s")
_INNER_NOTE = re.compile(r"(?:(?<=\s)|^)(?:[*†‡§#]|\+(?!/))+\s*(?=[^\W\d])")
_WORDS = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9/,-]| (?! ))*[A-Za-z0-9]")
_EDGES = " .:*-–+/,’'\""
_HEADING = re.compile(r"^([^:()\[\]]{1,80}):\s*(?=\S)")
_OF_PROSE = 0.4  # of a sentence's pieces: from here it is no list
_EMPTY = re.compile(r"[(\[]\s*[)\]]")
_FEW = 3  # pieces
_REMEMBERED = 20_000  # pieces


@dataclass(frozen=True, slots=True)
class Piece:
    """One entry of a label as it is written."""

    text: str  # without percentage, footnote marks and heading
    percent: float | None = None  # 0 < percent <= 100
    part: Part = "listed"
    product: int = 0  # of several in one field


def read_percent(text: str) -> tuple[str, float | None]:
    """'Niacinamide 5 %' -> ('Niacinamide', 5.0); without a percentage -> (text, None)."""
    match = _PERCENT.search(text)
    if not match:
        return text, None
    percent = float(match.group(1).replace(",", "."))
    rest = (text[: match.start()] + " " + text[match.end() :]).strip()
    return rest, percent if 0 < percent <= 100 else None


def forms_of(entry: str) -> list[str]:
    """What an entry of a label says outside its brackets, inside them, and beside its slashes.

    'Aqua (Water)' -> ['Aqua', 'Water']; 'Retinol' -> ['Retinol']. An open bracket hides nothing.
    """
    outside, inside = split_brackets(entry)
    pieces = [piece.strip(" ()[]{}*") for text in (outside, *inside) for piece in text.split("/")]
    whole = outside.strip(" ()[]{}*")
    return list(dict.fromkeys(piece for piece in (whole, *pieces) if piece)) or [entry]


def split_brackets(entry: str) -> tuple[str, list[str]]:
    """('Lavandula Oil', ['Lavender']) of 'Lavandula (Lavender) Oil'; inner brackets first."""
    inside: list[str] = []
    while match := _IN_BRACKETS.search(entry):
        inside.append(match[1])
        entry = f"{entry[: match.start()]} {entry[match.end() :]}"
    entry, *never_closed = _OPEN.split(entry)
    return _CLOSE.sub(" ", entry), [*inside, *filter(None, never_closed)]


def split_label(text: str) -> list[str]:
    """A text cut at what parts entries, where no bracket is open: 'Parfum (Linalool, Citral)'.

    A bracket that is never closed hides nothing.
    """
    return [_show(piece) for piece in _cut(_hidden(text))]


def pieces_of(text: str) -> list[Piece]:
    """The entries of a label, in order; prose, headings, footnotes and what is denied are left out.

    text: one entry, or a whole label.
    """
    text = html.unescape(text).translate(UNSEEN)
    lines = text.replace("\\", "/").replace("\t", ";").split("\n")
    text = "\n".join(plain for line in lines if (plain := " ".join(line.split())))
    if text.count("\n") * 3 < text.count(","):
        text = text.replace("-\n", "").replace("\n", " ")  # lines wrapped by the packaging
    words = _words()
    if "<" in text or "F" in text or "ode" in text:
        text = words.codes.sub(" ", text)
    if any(map(text.lower().__contains__, words.may_hints)):
        text = words.may_contain.sub("\x01\x02", text)
    pieces: list[Piece] = []
    part: Part = "listed"
    product = 0
    for sentence in _sentences(_hidden(text)):
        for listed in _listed(sentence, words):
            heading, piece = _headed(listed.lstrip("\x02 :*#_"), words)
            if heading == "other" and pieces:
                product += 1
            if heading:
                part = "active" if heading == "active" else "listed"
            part = "may_contain" if listed.startswith("\x02") else part
            pieces += _piece(_show(piece), part, product, pieces)
    return pieces


def _piece(text: str, part: Part, product: int, before: list[Piece]) -> Sequence[Piece]:
    """The entry of a piece, if it is one; a percentage by itself belongs to the entry before."""
    name, percent, says = _clean(text)
    # A number by itself is the 1 of "1, 2-Hexanediol", or nothing.
    if says or (name.isdigit() and not percent):
        return (Piece(name, percent, part, product),)
    if percent and before and before[-1].percent is None:
        before.append(replace(before.pop(), percent=percent))
    return ()


@lru_cache(_REMEMBERED)
def _clean(text: str) -> tuple[str, float | None, bool]:
    """(name, percent, whether it holds a letter) of a piece, without footnote marks."""
    name, percent = read_percent(text)
    if not _PLAIN.fullmatch(name):
        name = " ".join(_MARKS.sub(" ", name).replace("_", " ").split()).strip(_EDGES)
        name = _EMPTY.sub("", name).strip()
        if name.count("(") != name.count(")") or name.count("[") != name.count("]"):
            name = name.strip("()[] ")
    return name, percent, any(map(str.isalpha, name))


# Within brackets nothing parts entries or sentences: such marks are other ones while a text is cut.


def _hide(match: re.Match[str]) -> str:
    return match[0].translate(_HIDDEN)


def _hidden(text: str) -> str:
    return _BRACKETED.sub(_hide, text) if "(" in text or "[" in text else text


def _show(piece: str) -> str:
    return piece.translate(_SHOWN) if "(" in piece or "[" in piece or "{" in piece else piece


def _unglued(text: str) -> str:
    """'Octinoxate 7.5%Water' -> 'Octinoxate 7.5%, Water'; '2% Salicylic Acid' stays."""

    def parted(match: re.Match[str]) -> str:
        entry = text[text.rfind(",", 0, match.start()) + 1 : match.start()]
        return f"{match[0]}, " if any(map(str.isalpha, entry)) else match[0]

    return _GLUED.sub(parted, text)


def _cut(hidden: str) -> list[str]:
    if "%" in hidden or "％" in hidden:
        hidden = _unglued(hidden)
    return [piece for cut in _BETWEEN.split(hidden) if (piece := cut.strip())]


# --- sentences -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Words:
    """label_text.toml, ready to search with."""

    heading: re.Pattern[str]
    active: re.Pattern[str]
    no_list: re.Pattern[str]
    may_contain: re.Pattern[str]
    may_hints: tuple[str, ...]
    bare: re.Pattern[str]  # a heading without a colon, at the start
    holds: re.Pattern[str]
    denied: re.Pattern[str]
    no_entry: re.Pattern[str]  # it denies something, or explains a mark
    water: re.Pattern[str]
    codes: re.Pattern[str]
    prose: frozenset[str]


@cache
def _words() -> _Words:
    path = Path(__file__).with_suffix(".toml")
    table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))

    def before_colon(names: Iterable[str]) -> re.Pattern[str]:
        return re.compile(rf"(?<![^\W\d_])(?:{'|'.join(names)})\s*:", re.IGNORECASE)

    may = "|".join(table["may_contain"])
    return _Words(
        heading=before_colon(table["headings"]),
        active=before_colon(table["active_headings"]),
        no_list=before_colon(table["no_list"]),
        may_contain=re.compile(
            rf"(?:[\[(]\s*)?(?:{may})[\s:]*(?:[\[(]?\s*(?:{may})\s*[\])]?[\s:]*)?", re.IGNORECASE
        ),
        may_hints=tuple(table["may_contain_hints"]),
        bare=re.compile(
            rf"\s*(?:(?P<active>{'|'.join(table['active_headings'])})|{'|'.join(table['headings'])})"
            r"(?:[\s*_]+|$)",
            re.IGNORECASE,
        ),
        holds=re.compile(rf"^\W*(?:{'|'.join(table['holds'])})\b:?(?!\s+no\b)", re.IGNORECASE),
        no_entry=re.compile(
            "|".join(table["denied_entry"])
            + rf"|^[*†‡¹²³]+\s*(?:{'|'.join(table['footnotes'])})\W*$",
            re.IGNORECASE,
        ),
        water=re.compile(rf"\W{{0,5}}(?:{'|'.join(table['water'])})\b", re.IGNORECASE),
        codes=re.compile("|".join(table["codes"])),
        denied=re.compile(rf"^\W*(?:[^\W_]+\W+){{0,4}}?(?:{'|'.join(table['denied'])})\b", re.I),
        prose=frozenset(table["prose"].split()),
    )


def _sentences(text: str) -> Iterator[str]:
    if "." not in text.rstrip(". "):
        yield text
    else:
        yield from _SENTENCE.split(text)


def _listed(sentence: str, words: _Words) -> Sequence[str]:
    """The pieces of a sentence that are a list; none of one that is about the product."""
    cut = _cut(words.holds.sub("", sentence))
    pieces = [piece for piece in cut if not words.no_entry.search(piece)]
    if words.denied.match(sentence):
        first = (at for at, piece in enumerate(pieces) if words.water.match(piece))
        pieces = pieces[next(first, len(pieces)) :]
    said = set(sentence.lower().split())
    if said.isdisjoint(words.prose) and len(pieces) > _FEW:
        return pieces
    prose = [piece for piece in pieces if _is_prose(piece, words)]
    talks = len(prose) > _OF_PROSE * len(pieces) or (len(pieces) <= _FEW and bool(prose))
    if (talks and _BLURB.match(sentence)) or (
        len(pieces) <= _FEW and _FOOTNOTE.match(sentence) and not words.water.search(sentence)
    ):
        return ()
    if not prose:
        return pieces
    return [kept for piece in pieces if (kept := _without_prose(piece, words))]


def _is_prose(piece: str, words: _Words) -> bool:
    return any(word.lower() in words.prose for word in _WORDS.findall(piece))


def _without_prose(piece: str, words: _Words) -> str:
    """What stands before a sentence that begins in the middle of a piece, and after its heading."""
    if heading := _last(words, piece):
        return piece[heading.start() :]
    if note := _INNER_NOTE.search(piece):
        piece = piece[: note.start()]
    for match in _WORDS.finditer(piece):
        if match[0].lower() in words.prose:
            before = piece[: match.start()].strip()
            if explained := _HEADING.match(piece[: match.end()]):
                return explained[1]  # "Squalane: it softens" tells what stands before the colon
            # "Phenoxyethanol Please be aware" begins a sentence; "and refines skin" is within one.
            return before if match[0][0].isupper() else ""
    return piece


def _last(words: _Words, piece: str) -> re.Match[str] | None:
    """The last heading of a list in a piece."""
    matches = [*words.heading.finditer(piece), *words.active.finditer(piece)]
    return max(matches, key=lambda match: match.end(), default=None)


def _headed(piece: str, words: _Words) -> tuple[Heading, str]:
    """(kind of its heading, what stands behind it); of what is no list the piece is empty."""
    if ":" not in piece:
        # A heading may stand on a line of its own.
        bare = words.bare.match(piece)
        kind: Heading = "active" if bare and bare["active"] else "list"
        return (kind, piece[bare.end() :].strip()) if bare else ("", piece)
    if heading := _last(words, piece):
        active = any(match.end() == heading.end() for match in words.active.finditer(piece))
        return "active" if active else "list", piece[heading.end() :].strip()
    if words.no_list.search(piece):
        return "", ""
    if (other := _HEADING.match(piece)) and any(map(str.isalpha, piece[other.end() :])):
        return "other", piece[other.end() :]
    return "", piece
