"""What is said of the whole domain: nothing in it changes once it is made."""

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ValidationError

from facet import domain
from facet.domain.products import BagItem


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


def test_a_prescription_says_whether_it_is_for_the_face_and_how_often() -> None:
    told = {"item_id": "i1", "name": "Skinoren 20 % cream", "category": "treatment"}
    prescribed = {"for_face": True, "how_often": "every_evening"}

    item = BagItem.model_validate({**told, "prescribed": prescribed})

    assert item.prescribed is not None
    assert item.prescribed.model_dump() == prescribed
    with pytest.raises(ValidationError):
        BagItem.model_validate({**told, "prescribed": {"for_face": True}})
