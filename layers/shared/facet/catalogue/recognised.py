"""Names that are known to be of cosmetic ingredients, with what they are for, and no more.

They come from the EU's CosIng (data/skincare/recognised.tsv). In a snapshot they are two strings:
an object a name would cost a cold start tens of milliseconds, so they are taken apart when somebody
first asks.
"""

import csv
import io
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, islice, product
from pathlib import Path
from typing import Any

from facet.catalogue.files import written
from facet.catalogue.words import normal
from facet.domain.errors import FacetError

_NO_FUNCTION = {"", "not reported"}
_ABOUT = """\
# Names of cosmetic ingredients in normal form, tab, what each is for, two letters a function.
# Source: European Commission, CosIng (sources.toml: cosing), CC BY 4.0. Changed: names are folded,
# functions coded, medicines and what is banned in the EU taken out.
# Written by `facet ingredients import --format cosing FILE`.
"""
_PREFACE = 20  # lines before the names of the columns in an export of CosIng's


def squeezed(text: str) -> str:
    """A name without spaces, in normal form: what a scan tears apart is one again."""
    return normal(text).replace(" ", "")


@dataclass(frozen=True)
class Recognised:
    """The names of a snapshot in normal form, and the codes of what each is for, ";" between."""

    names: str = ""
    codes: str = ""
    functions: Mapping[str, str] = field(default_factory=dict)  # code of two letters -> function

    @classmethod
    def of(cls, content: Mapping[str, Any] | None) -> "Recognised":
        """The names as a snapshot carries them."""
        return cls(**content) if content else cls()

    def __contains__(self, name: object) -> bool:
        """Whether a name, without spaces, is known."""
        return name in self.by_name

    def spells(self, name: str) -> bool:
        """Whether a name in normal form is known letter for letter, its spaces too."""
        return bool(name) and f";{name};" in self._listed

    @cached_property
    def _listed(self) -> str:
        return f";{self.names};"

    @cached_property
    def by_name(self) -> Mapping[str, str]:
        """Squeezed name -> codes of its functions."""
        names = self.names.replace(" ", "").split(";") if self.names else []
        return dict(zip(names, self.codes.split(";"), strict=True)) if names else {}

    def function_of(self, name: str) -> str | None:
        """What an ingredient is for, in CosIng's words: 'humectant, skin conditioning'."""
        codes = self.by_name.get(name, "")
        pairs = (codes[at : at + 2] for at in range(0, len(codes), 2))
        return ", ".join(self.functions[code] for code in pairs) or None


def read_recognised(path: Path) -> dict[str, Any]:
    """What a snapshot carries of recognised.tsv. Raises FacetError where it cannot be read."""
    functions: dict[str, str] = {}
    names: list[str] = []
    codes: list[str] = []
    try:
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("#"):
                code, tab, name = line.removeprefix("# ").partition("\t")
                if tab:
                    functions[code] = name
            elif line:
                name, _, code = line.partition("\t")
                names.append(name)
                codes.append(code)
    except (OSError, ValueError) as error:
        raise FacetError(f"{path}: {error}") from error
    return {"names": ";".join(names), "codes": ";".join(codes), "functions": functions}


# --- from CosIng's export ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taken:
    """What `facet ingredients import` wrote."""

    names: int
    refused: Sequence[str]  # medicines and what is banned: never recognised


def import_cosing(source: Path, out: Path, is_refused: Callable[[str], bool]) -> Taken:
    """Write the names and functions of a CosIng export (CSV) as recognised.tsv.

    The columns `INCI name` and `Function` are looked for in the first lines, whatever stands before
    them. is_refused: whether a name is one of a medicine or of what is banned.
    Raises FacetError where the file cannot be read, has no such columns or no row.
    """
    table: dict[str, set[str]] = {}
    refused: list[str] = []
    for name, functions in _rows(source):
        key = normal(name)
        if not any(map(str.isalpha, key)):
            continue
        if is_refused(name):
            refused.append(name)
            continue
        table.setdefault(key, set()).update(functions)
    if not table:
        raise FacetError(f"{source}: no row names an ingredient")
    codes = _codes(sorted({function for functions in table.values() for function in functions}))
    with written(out) as file:
        for line in _lines(table, codes):
            file.write(line.encode())
    return Taken(len(table), tuple(refused))


def _rows(source: Path) -> Iterator[tuple[str, Iterable[str]]]:
    try:
        text = source.read_text("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text)))
    except (OSError, ValueError, csv.Error) as error:
        raise FacetError(f"{source}: {error}") from error
    rows = iter(lines)
    for row in islice(rows, _PREFACE):
        header = [normal(cell) for cell in row]
        if "inci name" in header and "function" in header:
            name, function = header.index("inci name"), header.index("function")
            break
    else:
        raise FacetError(f"{source}: its first lines name no columns `INCI name` and `Function`")
    for row in rows:
        if len(row) > max(name, function):
            functions = (
                part.strip().lower() for part in row[function].replace(";", ",").split(",")
            )
            yield row[name], [part for part in functions if part not in _NO_FUNCTION]


def _codes(functions: Sequence[str]) -> dict[str, str]:
    """Two letters for each function, of its own name where they are free."""
    codes: dict[str, str] = {}
    for function in functions:
        letters = [letter for letter in function if letter in string.ascii_lowercase]
        own = map("".join, combinations(letters, 2))
        any_ = map("".join, product(string.ascii_lowercase, repeat=2))
        taken = set(codes.values())
        codes[function] = next(code for code in (*own, *any_) if code not in taken)
    return codes


def _lines(table: Mapping[str, set[str]], codes: Mapping[str, str]) -> Iterator[str]:
    yield _ABOUT
    for function, code in codes.items():
        yield f"# {code}\t{function}\n"
    for name, functions in sorted(table.items()):
        yield f"{name}\t{''.join(sorted(codes[function] for function in functions))}\n"
