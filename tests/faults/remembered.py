"""Pure functions that take long, done once for each input: a fault changes none of their answers.

They are replaced wherever the package has them by name, so that it does not matter who calls them.
"""

import hashlib
import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

PURE = (
    ("facet.vision.analyze", "analyze_photo"),
    ("facet.vision.photo.thumbnail", "make_thumbnails"),
    ("facet.vision.photo.garment", "read_garment"),
    ("facet.vision.drawing.portrait", "open_portrait"),
    ("facet.vision.drawing.portrait", "draw_look"),
    ("facet.vision.drawing.overlay", "draw_overlay"),
)
LOADED = (
    ("facet.vision.face.models", "FaceModels", "load"),
    ("facet.catalogue.catalogue", "Catalogue", "load"),
)


class _Named:
    """Answers that were remembered, and inputs made of them, by a name instead of their content."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._kept: list[Any] = []

    def give(self, value: Any, name: str) -> None:
        self._names[id(value)] = name
        self._kept.append(value)  # else another would come to have its id
        for part in getattr(value, "__dict__", {}).values():
            self._names.setdefault(id(part), f"{name}.part")

    def of(self, value: Any) -> str:
        if id(value) in self._names:
            return self._names[id(value)]
        if isinstance(value, bytes):
            return hashlib.md5(value, usedforsecurity=False).hexdigest()
        return repr(value)


def _remember(named: _Named, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    answers: dict[str, tuple[Any, Exception | None, list[str]]] = {}

    def remembered(*given: Any, **named_ones: Any) -> Any:
        # What it calls on its way has no name, and is called each time.
        called: list[str] = []
        hooks = {n: hook for n, hook in named_ones.items() if callable(hook)}
        named_ones = {n: value for n, value in named_ones.items() if n not in hooks}
        told = [*map(named.of, given), *(f"{n}={named.of(v)}" for n, v in named_ones.items())]
        key = f"{name}({', '.join([*told, *hooks])})"
        if key not in answers:
            notes = {n: partial(called.append, n) for n in hooks}
            try:
                answer = function(*given, **named_ones, **notes)
            except Exception as error:
                answers[key] = (None, error, called)
            else:
                named.give(answer, key)
                answers[key] = (answer, None, called)
        answer, raised, called = answers[key]
        for n in called:
            hooks[n]()
        if raised is not None:
            raise raised
        return answer

    return remembered


@contextmanager
def remembering() -> Iterator[None]:
    """While this holds, each is done once for each input."""
    named = _Named()
    undo: list[Callable[[], None]] = []

    def replace(owner: Any, name: str, new: Any, old: Any) -> None:
        setattr(owner, name, new)
        undo.append(partial(setattr, owner, name, old))

    for module_name, name in PURE:
        original = getattr(importlib.import_module(module_name), name)
        new = _remember(named, name, original)
        for module in [m for n, m in sys.modules.items() if n.startswith("facet.")]:
            if vars(module).get(name) is original:
                replace(module, name, new, original)
    for module_name, owner_name, name in LOADED:
        owner = getattr(importlib.import_module(module_name), owner_name)
        bound = getattr(owner, name)
        replace(owner, name, staticmethod(_remember(named, owner_name, bound)), vars(owner)[name])
    try:
        yield
    finally:
        for put_back in reversed(undo):
            put_back()
