"""The photo gates: one file of thresholds for phone and server, judged in one place."""

import tomllib
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from facet.domain.errors import PhotoRejectedError
from facet.domain.face import Check, GateCode, Quality, Severity

Preset = Literal["relaxed", "moderate", "strict"]


class Gate(BaseModel):
    """One thing a photo is judged on, with its thresholds for every preset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: GateCode
    measures: str = Field(description="what is measured, in words")
    unit: str = ""
    fails: Literal["above", "below"] = "above"
    reject: dict[Preset, float] = Field(default_factory=dict)
    warn: dict[Preset, float] = Field(default_factory=dict)
    hint: str
    source: str = Field(description="where the numbers come from")


class Gates(BaseModel):
    """All gates under one preset; dumped, it is the document a phone needs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    preset: Preset
    content_types: dict[str, str] = Field(description="accepted formats and their MIME types")
    gates: dict[str, Gate]

    @property
    def max_bytes(self) -> int:
        """Largest file that may be uploaded."""
        return int(self.gates["file_too_large"].reject[self.preset])

    def check(self, name: str, measured: float) -> Check | None:
        """Judge one measured value -> the failed check, or None when it passes.

        name: a key of `gates`. measured: in that gate's unit.
        """
        gate = self.gates[name]
        lines: tuple[tuple[Severity, dict[Preset, float]], ...] = (
            ("reject", gate.reject),
            ("warn", gate.warn),
        )
        for severity, thresholds in lines:
            threshold = thresholds.get(self.preset)
            if threshold is None:
                continue
            if measured > threshold if gate.fails == "above" else measured < threshold:
                return Check(
                    code=gate.code,
                    severity=severity,
                    measured=round(measured, 3),
                    threshold=threshold,
                    unit=gate.unit,
                    hint=gate.hint,
                )
        return None

    def refuse(self, name: str, measured: str | None = None) -> Check:
        """A rejection that has no number, such as a format."""
        gate = self.gates[name]
        return Check(code=gate.code, severity="reject", measured=measured, hint=gate.hint)


def quality_of(checks: tuple[Check, ...]) -> Quality:
    """All failed checks, worst first -> the verdict over them."""
    severities = {check.severity for check in checks}
    ordered = tuple(sorted(checks, key=lambda check: check.severity != "reject"))
    if "reject" in severities:
        return Quality(verdict="rejected", checks=ordered)
    return Quality(verdict="usable" if severities else "good", checks=ordered)


def rejection(checks: tuple[Check, ...]) -> PhotoRejectedError:
    """The error that says what is wrong with a photo: the first rejecting gate leads."""
    ordered = quality_of(checks).checks
    return PhotoRejectedError(ordered[0].code.value, ordered[0].hint, ordered)


@cache
def load_gates(preset: Preset = "moderate") -> Gates:
    """The gates as they ship, under `preset`. Raises ValueError for an unknown preset."""
    text = resources.files("facet.vision").joinpath("gates.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    gates = {name: {"code": name, **gate} for name, gate in document.pop("gates").items()}
    return Gates.model_validate({**document, "preset": preset, "gates": gates})
