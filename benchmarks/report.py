"""What a figure says, whether it keeps its budget, and the one table of them all."""

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from rich.table import Table

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit in the unit of what is measured: at most, or at least, one of the two."""

    unit: str
    source: str
    most: float = math.inf
    least: float = -math.inf

    def met_by(self, value: float) -> bool:
        return self.least <= value <= self.most

    def __str__(self) -> str:
        if math.isfinite(self.most):
            return f"at most {number(self.most)} {self.unit}"
        return f"at least {number(self.least)} {self.unit}"


@cache
def budget(name: str) -> Budget:
    """One entry of budgets.toml. Raises KeyError where there is none."""
    document: dict[str, dict[str, Any]] = tomllib.loads((HERE / "budgets.toml").read_text())
    return Budget(**document[name])


@dataclass(frozen=True, slots=True)
class Row:
    """One measured number; `value` is None where it could not be measured, and `note` says why."""

    what: str
    value: float | None
    unit: str
    budget: Budget | None = None
    note: str = ""
    samples: Sequence[float] = ()  # raw, one per round, in `unit`
    data: Mapping[str, Any] = field(default_factory=dict)  # what else the JSON is to keep

    @property
    def met(self) -> bool | None:
        """None without a budget; what was not measured is not met."""
        if self.budget is None:
            return None
        return self.value is not None and self.budget.met_by(self.value)

    def as_json(self) -> dict[str, Any]:
        limits = self.budget and {
            name: limit
            for name, limit in (("most", self.budget.most), ("least", self.budget.least))
            if math.isfinite(limit)
        }
        return {
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "budget": limits,
            "met": self.met,
            "note": self.note,
            "rounds": len(self.samples),
            "samples": list(self.samples),
            **self.data,
        }


def number(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value == 0 or abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def table(figures: Iterable[tuple[str, Sequence[Row]]]) -> Table:
    """Every row beside its budget; one that is not met says so in words, not in colour alone."""
    drawn = Table(title="Facet, measured on this machine", title_justify="left")
    drawn.add_column("Figure", overflow="fold")
    drawn.add_column("Measured", justify="right", no_wrap=True)
    drawn.add_column("Budget", justify="right", no_wrap=True)
    drawn.add_column("Verdict", no_wrap=True)
    drawn.add_column("Beside it", overflow="fold", style="dim")
    for name, rows in figures:
        drawn.add_section()
        drawn.add_row(f"[bold]{name}[/]")
        for row in rows:
            verdict = {None: "", True: "[green]met[/]", False: "[bold red]NOT MET[/]"}[row.met]
            measured = "not measured" if row.value is None else f"{number(row.value)} {row.unit}"
            drawn.add_row(
                f"  {row.what}",
                measured,
                str(row.budget or ""),
                verdict,
                row.note,
            )
    return drawn
