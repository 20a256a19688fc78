"""What is said of the whole domain: nothing in it changes once it is made."""

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from facet import domain


def classes() -> Iterator[type]:
    """Every class that a module of the domain defines."""
    for module in pkgutil.iter_modules(domain.__path__):
        name = f"{domain.__name__}.{module.name}"
        for _, each in inspect.getmembers(importlib.import_module(name), inspect.isclass):
            if each.__module__ == name:
                yield each


MODELS = [each for each in classes() if issubclass(each, BaseModel)]
DATACLASSES = [each for each in classes() if dataclasses.is_dataclass(each)]


@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_frozen(model: type[BaseModel]) -> None:
    assert model.model_config.get("frozen")


@pytest.mark.parametrize("row", DATACLASSES)
def test_a_dataclass_is_frozen(row: type) -> None:
    assert row.__dataclass_params__.frozen  # type: ignore[attr-defined]


def test_both_kinds_are_there() -> None:
    assert len(MODELS) > 50
    assert len(DATACLASSES) >= 8
