"""The photo gates: one file of thresholds for phone and server, judged in one place."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from facet.domain.errors import PhotoRejectedError
from facet.saying import say

if TYPE_CHECKING:
    from facet.domain.face import Check, Quality

# pydantic's models are made only for a check that failed: the thumbnail function never needs them.

Preset = Literal["relaxed", "moderate", "strict"]
PRESETS: tuple[Preset, ...] = ("relaxed", "moderate", "strict")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One thing a photo is judged on, with its thresholds for every preset."""

    __pydantic_config__: ClassVar = {"use_attribute_docstrings": True}

    code: str
    """What a photo is refused or doubted with; two gates may share one."""
    measures: str
    """What is measured, in words."""
    unit: str = ""
    """Of the thresholds and of what is measured."""
    fails: Literal["above", "below"] = "above"
    """On which side of a threshold a photo fails."""
    reject: Mapping[Preset, float] = field(default_factory=dict)
    """In `unit`, by preset: beyond it a photo is refused."""
    warn: Mapping[Preset, float] = field(default_factory=dict)
    """In `unit`, by preset: beyond it a photo is doubted, and analysed."""
    hint: str
    """One sentence the person can act on."""
    source: str
    """Where the numbers come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """All gates under one preset."""

    __pydantic_config__: ClassVar = {"use_attribute_docstrings": True}

    version: str
    """Of the thresholds."""
    preset: Preset
    """Which column of the thresholds judges."""
    content_types: Mapping[str, str]
    """Accepted formats and their media types."""
    gates: Mapping[str, Gate]
    """By name."""

    def model_dump(self) -> dict[str, Any]:
        """The whole file as one JSON document: what a phone needs to check before it uploads."""
        return asdict(self)

    def check(self, name: str, measured: float) -> "Check | None":
        """Judge one measured value -> the failed check, or None when it passes.

        name: a key of `gates`. measured: in that gate's unit.
        """
        gate = self.gates[name]
        for severity, thresholds in (("reject", gate.reject), ("warn", gate.warn)):
            threshold = thresholds.get(self.preset)
            if threshold is None:
                continue
            if measured > threshold if gate.fails == "above" else measured < threshold:
                return _check(
                    gate,
                    severity=severity,
                    measured=round(measured, 3),
                    threshold=threshold,
                    unit=gate.unit,
                )
        return None

    def refuse(self, name: str, measured: str | None = None) -> "Check":
        """A rejection that has no number, such as a format."""
        return _check(self.gates[name], severity="reject", measured=measured)


def _check(gate: Gate, **values: Any) -> "Check":
    from facet.domain.face import Check  # noqa: PLC0415

    return Check(code=gate.code, hint=gate.hint, **values)


def quality_of(checks: tuple["Check", ...]) -> "Quality":
    """All failed checks -> the verdict over them, worst first."""
    from facet.domain.face import Quality  # noqa: PLC0415

    severities = {check.severity for check in checks}
    ordered = tuple(sorted(checks, key=lambda check: check.severity != "reject"))
    if "reject" in severities:
        return Quality(verdict="rejected", checks=ordered)
    return Quality(verdict="usable" if severities else "good", checks=ordered)


def rejection(checks: tuple["Check", ...]) -> PhotoRejectedError:
    """The error that says what is wrong with a photo: the first rejecting gate leads."""
    ordered = quality_of(checks).checks
    return PhotoRejectedError(ordered[0].code.value, ordered[0].hint, ordered)


def largest_photo(preset: str = "moderate") -> int:
    """Bytes of the largest photo that may be uploaded. Raises KeyError for an unknown preset.

    Read without the gates' hints: whoever only signs an upload says nothing.
    """
    return int(_document()["gates"]["file_too_large"]["reject"][preset])


@cache
def load_gates(preset: Preset = "moderate") -> Gates:
    """The gates as they ship, under `preset`. Raises ValueError for an unknown preset."""
    if preset not in PRESETS:
        raise ValueError(f"unknown preset {preset!r}: choose one of {', '.join(PRESETS)}")
    document = _document()
    gates = {
        name: Gate(**{"code": name, "hint": say(f"gate.{name}"), **gate})
        for name, gate in document["gates"].items()
    }
    return Gates(
        version=document["version"],
        preset=preset,
        content_types=document["content_types"],
        gates=gates,
    )


@cache
def _document() -> dict[str, Any]:
    text = resources.files("facet.vision.photo").joinpath("gates.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
