"""Other people's product lists, read line by line into Facet's own.

A row becomes a domain Product with what is known and nothing more: a concentration only where the
row states one, no claim that does not follow from its ingredients (`facet catalog build` derives
those). What cannot be used is left out, with its line and the reason; the rest is written as one
file of JSON lines, which is there whole or not at all.
"""

import csv
import gzip
import io
import json
import re
import tomllib
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Literal

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from facet.catalogue.files import written
from facet.catalogue.ingredients import read_spf
from facet.catalogue.label_text import Piece, pieces_of
from facet.catalogue.words import normal
from facet.domain.errors import FacetError
from facet.domain.products import Product

Format = Literal["facet", "openbeautyfacts", "csv"]
LONGEST_LINE = 16 * 2**20  # bytes; the longest products of the dump have about one million
LONGEST_NAME = 200
LONGEST_INGREDIENT = 300  # what is longer is cut: no entry is lost
MOST_INGREDIENTS = 200

_SPACES = re.compile(r"\s+")
_GZIP = b"\x1f\x8b"


class LeftOutError(FacetError):
    """One row cannot be used. `code` counts alike ones together."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(slots=True)
class Summary:
    """What became of the rows of an imported file."""

    out: Path
    report: Path  # one line for each row left out: its number, code and reason
    read: int = 0
    taken: int = 0
    codes: Counter[str] = field(default_factory=Counter)  # why rows were left out

    @property
    def left_out(self) -> int:
        """How many rows were left out."""
        return self.codes.total()


def import_products(source: Path, form: Format, out: Path, rules: Path) -> Summary:
    """Read `source` (plain or gzipped) into `out`, a file of JSON lines, one Product each.

    rules: a folder with openbeautyfacts.toml (data/imports). Rows are streamed, so memory does not
    grow with the file but for the ids seen, which must be unique. Rows left out are listed in a
    file beside `out`, ending in `.left-out.tsv`.

    Raises FacetError where the file cannot be read to its end (then nothing is written) and where
    no row could be used (then only the report is).
    """
    summary = Summary(out, out.with_suffix(".left-out.tsv"))
    seen: set[str] = set()
    to_product = _READERS[form](rules)
    try:
        with _opened(source) as file, written(summary.report) as report:
            report.write(b"line\tcode\treason\n")
            rows = _csv_rows(file) if form == "csv" or _is_table(file, form) else _json_rows(file)
            with suppress(_NothingError), written(out) as lines:
                for number, row in rows:
                    summary.read += 1
                    try:
                        if isinstance(row, LeftOutError):
                            raise row
                        product = _product(to_product(row))
                        line = _line(product)
                        if product.product_id in seen:
                            raise LeftOutError("repeated", f"{product.product_id} came before")
                        seen.add(product.product_id)
                        lines.write(line)
                        summary.taken += 1
                    except LeftOutError as error:
                        summary.codes[error.code] += 1
                        reason = _SPACES.sub(" ", str(error))[:300]
                        told = f"{number}\t{error.code}\t{reason}\n"
                        report.write(told.encode(errors="replace"))
                if not summary.taken:
                    raise _NothingError
    except (OSError, EOFError, zlib.error) as error:
        raise FacetError(f"{source}: cannot be read to its end: {error}") from error
    if not summary.taken:
        raise FacetError(
            f"{source}: none of {summary.read} rows could be used; see {summary.report}"
        )
    return summary


class _NothingError(Exception):
    """Keeps a file from being replaced by an empty one."""


@contextmanager
def _opened(source: Path) -> Iterator[BinaryIO]:
    with source.open("rb") as file:
        zipped = file.read(2) == _GZIP
        file.seek(0)
        if zipped:
            with gzip.open(file) as unzipped:
                yield unzipped  # type: ignore[misc]
        else:
            yield file


# --- rows ------------------------------------------------------------------------------------


def _json_rows(file: BinaryIO) -> Iterator[tuple[int, dict[str, Any] | LeftOutError]]:
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            yield number, LeftOutError("too_long", f"longer than {LONGEST_LINE} bytes")
            continue
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, LeftOutError("not_json", str(error))
            continue
        if not isinstance(row, dict):
            yield number, LeftOutError("not_json", "not an object")
            continue
        yield number, row


def _csv_rows(file: BinaryIO) -> Iterator[tuple[int, dict[str, Any] | LeftOutError]]:
    """Rows by the line on which each begins; commas, semicolons or tabs are between the cells."""
    text = io.TextIOWrapper(file, _encoding(file), "replace", newline="")
    first = text.readline(LONGEST_LINE)
    between = max(",;\t", key=first.count)
    # The dump of Open Beauty Facts quotes nothing; a quote in it is an inch or a name's.
    bare = between == "\t" and '"' not in first and "product_name" in first
    lines = csv.reader(
        chain([first] if first else [], _short_lines(text)),
        delimiter=between,
        quoting=csv.QUOTE_NONE if bare else csv.QUOTE_MINIMAL,
    )
    header = _csv_header(lines)
    while True:
        begins, why = lines.line_num + 1, ""
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            cells, why = [""], str(error)
        if cells and not why and len(cells) != len(header):
            why = f"{len(cells)} cells under {len(header)} columns"
        if why:
            if lines.line_num > begins:
                why += f"; it runs to line {lines.line_num}: is a quote never closed?"
            yield begins, LeftOutError("not_csv", why)
        elif any("\ufffd" in cell for cell in cells):
            yield begins, LeftOutError("not_utf8", "letters that are not UTF-8: save it as UTF-8")
        elif any(cells):
            yield (
                begins,
                {
                    name: cell.split(",") if name.endswith("_tags") else cell.strip()
                    for name, cell in zip(header, cells, strict=True)
                },
            )


def _is_table(file: BinaryIO, form: Format) -> bool:
    """Whether a dump of Open Beauty Facts is its table; the other one is of JSON objects."""
    start = file.peek(8)[:8].lstrip(b"\xef\xbb\xbf \r\n") if form == "openbeautyfacts" else b"{"  # type: ignore[attr-defined]
    return start[:4] in (b"code", b'"cod')


def _encoding(file: BinaryIO) -> str:
    """UTF-16 where a file begins as spreadsheets begin theirs, else UTF-8."""
    start: bytes = file.peek(2)[:2]  # type: ignore[attr-defined]
    if start in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return {b"\0": "utf-16-be"}.get(start[:1], "utf-16-le" if start[1:] == b"\0" else "utf-8-sig")


def _csv_header(lines: Iterator[list[str]]) -> list[str]:
    """Names of the columns. Raises FacetError for one that is missing or there twice."""
    try:
        header = [normal(name).replace(" ", "_") for name in next(lines, [])]
    except csv.Error as error:
        raise FacetError(f"the first line, which names the columns: {error}") from error
    missing = {"name", "category"} - set(header)
    if missing and not {"code", "product_name"} <= set(header):
        raise FacetError(f"the first line has no column {' and no '.join(sorted(missing))}")
    if twice := sorted(name for name in set(header) if name and header.count(name) > 1):
        raise FacetError(f"the first line has more than one column {' and '.join(twice)}")
    return header


def _short_lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Lines of a text; a longer one than LONGEST_LINE is cut there, which csv then refuses."""
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE and not line.endswith(("\n", "\r")):
            while (rest := text.readline(LONGEST_LINE)) and not rest.endswith(("\n", "\r")):
                pass
        yield line


def _product(fields: Mapping[str, Any]) -> Product:
    try:
        return Product.model_validate(dict(fields))
    except ValidationError as error:
        detail = error.errors(include_input=False)[0]
        where = ".".join(map(str, detail["loc"]))
        raise LeftOutError("invalid", f"{where}: {detail['msg']}") from error


def _line(product: Product) -> bytes:
    try:
        return product.model_dump_json(exclude_defaults=True).encode() + b"\n"
    except PydanticSerializationError as error:
        raise LeftOutError(
            "not_text", "half of a character, a surrogate without its pair"
        ) from error


# --- formats ---------------------------------------------------------------------------------


def _facet(_rules: Path) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """A reader of Facet's own products.jsonl. What follows from ingredients is derived anew."""

    def read(row: Mapping[str, Any]) -> Mapping[str, Any]:
        derived = {"step", "vehicle", "concerns", "am_pm", "cautions", "tinted"}
        kept = {key: value for key, value in row.items() if key not in derived}
        return kept | {"name": _text(row.get("name")), "category": _category(row.get("category"))}

    return read


def _csv(rules: Path) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """A reader of CSV with columns name and category; optional product_id, brand, ingredients (as
    on the label, 'Niacinamide 5 %' states a concentration), spf, price_band, shade, finish.

    The columns of Open Beauty Facts are read as that is."""
    theirs = _open_beauty_facts(rules)

    def read(row: Mapping[str, str]) -> Mapping[str, Any]:
        if "name" not in row:
            return theirs(row)
        name, brand = _text(row["name"]), _text(row.get("brand"))
        pieces = _pieces(row.get("ingredients", ""))
        optional = {
            key: row[key].lower()
            for key in ("spf", "price_band", "shade", "finish")
            if row.get(key)
        }
        if "spf" in optional:  # as labels have it: 50+
            optional["spf"] = optional["spf"].removeprefix("spf").removesuffix("+").strip()
        if name and not row.get("product_id") and not normal(name):
            raise LeftOutError("no_id", f"no product_id, and {name} makes none: give it one")
        return {
            "product_id": row.get("product_id") or _slug(f"{brand or ''} {name or ''}"),
            "name": name,
            "brand": brand,
            "category": _category(row["category"]),
            "inci": _ingredients([piece.text for piece in pieces]),
            "actives": [
                {"inci": piece.text, "name": piece.text, "percent": piece.percent}
                for piece in pieces
                if piece.percent
            ],
            **optional,
        }

    return read


def _open_beauty_facts(rules: Path) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """A reader of openbeautyfacts-products.jsonl(.gz): code, product_name, brands, categories_tags,
    ingredients_text, ingredients_tags, lang, obsolete, product_type. Percentages of the dump are
    estimates, so none is taken."""
    try:
        table = tomllib.loads((rules / "openbeautyfacts.toml").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise FacetError(f"{rules / 'openbeautyfacts.toml'}: {error}") from error
    category_of = {tag: name for name, tags in table["categories"].items() for tag in tags}
    category_of |= dict.fromkeys(table["not_ours"]["tags"], "")

    def read(row: Mapping[str, Any]) -> Mapping[str, Any]:
        code = str(row.get("code") or row.get("_id") or "").strip()
        if not re.fullmatch(r"[0-9]{4,24}", code):
            raise LeftOutError("no_code", f"no barcode: {code[:40]!r}")
        if row.get("obsolete") in ("on", True, 1):
            raise LeftOutError("withdrawn", f"{code} is no longer sold")
        if row.get("product_type", "beauty") != "beauty":
            raise LeftOutError("not_ours", f"{code} is {str(row['product_type'])[:40]}")
        name = _in_language(row, "product_name")
        if name is None:
            raise LeftOutError("no_name", f"{code} has no name")
        tags = [tag for tag in _strings(row.get("categories_tags")) if tag in category_of]
        if not tags or not category_of[tags[-1]]:
            categories = ", ".join(_strings(row.get("categories_tags"))[-3:])[:120] or "no category"
            raise LeftOutError("not_ours", f"{code}: {categories}")
        return {
            "product_id": f"obf-{code}",
            "name": name,
            "brand": _text(str(row.get("brands") or "").split(",")[0]),
            "category": category_of[tags[-1]],
            "inci": _label(row),
            "spf": read_spf(name),
            "sources": [table["source"]],
        }

    return read


_READERS: Mapping[Format, Callable[[Path], Callable[[Mapping[str, Any]], Mapping[str, Any]]]] = {
    "facet": _facet,
    "openbeautyfacts": _open_beauty_facts,
    "csv": _csv,
}


def _label(row: Mapping[str, Any]) -> list[str]:
    """The label's names, and the taxonomy's English ones, by which more is recognised."""
    text = _in_language(row, "ingredients_text") or ""
    names = [piece.text for piece in _pieces(text)]
    keys = {normal(name) for name in names}
    for tag in _strings(row.get("ingredients_tags")):
        language, _, name = tag.partition(":")
        name = name.replace("-", " ").strip()
        if language == "en" and name and normal(name) not in keys:
            keys.add(normal(name))
            names.append(name)
    return _ingredients(names)


def _pieces(text: str) -> list[Piece]:
    """The entries of a label's text; Open Beauty Facts puts _allergens_ between underscores."""
    return pieces_of(text.replace("_", " "))


def _ingredients(names: Sequence[str]) -> list[str]:
    """What may be an ingredient's name, once each, in order."""
    spellings: dict[str, str] = {}
    for name in names:
        if any(map(str.isalpha, name)):
            spellings.setdefault(name.lower(), name[:LONGEST_INGREDIENT])
    return list(spellings.values())[:MOST_INGREDIENTS]


def _in_language(row: Mapping[str, Any], name: str) -> str | None:
    """A field in English if there is one, else as it stands, else in the product's language."""
    keys = (f"{name}_en", name, f"{name}_{row.get('lang') or row.get('lc')}")
    longest = None if name == "ingredients_text" else LONGEST_NAME
    return next((text for key in keys if (text := _text(row.get(key), longest))), None)


def _text(value: Any, longest: int | None = LONGEST_NAME) -> str | None:
    """One line without control characters, or None for nothing."""
    if not isinstance(value, str):
        return None
    printable = "".join(letter if letter.isprintable() else " " for letter in value)
    return _SPACES.sub(" ", printable).strip()[:longest] or None


def _strings(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _category(value: Any) -> str | None:
    return normal(value).replace(" ", "_") or None if isinstance(value, str) else None


def _slug(text: str) -> str:
    return normal(text).replace(" ", "-")[:80].strip("-")
