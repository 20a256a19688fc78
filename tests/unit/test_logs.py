"""Of an exception its class, its place and its code are told, and no word that somebody sent."""

import io
import json
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError, ParamValidationError
from pydantic import BaseModel, ValidationError

from facet.domain.errors import PermanentError
from facet.logs import keep_words_out_of_logs, untold, without_words

SECRET = "walnut"


class Wish(BaseModel):
    age: int


def raised(make: Any) -> BaseException:
    try:
        make()
    except BaseException as error:
        return error
    raise AssertionError("it raised nothing")


def fail(error: BaseException) -> Any:
    raise error


def chained() -> None:
    try:
        int(SECRET)
    except ValueError as error:
        raise LookupError(SECRET) from error


def suppressed() -> None:
    try:
        int(SECRET)
    except ValueError:
        raise KeyError(SECRET) from None


AWS = ClientError({"Error": {"Code": "Throttled", "Message": SECRET}}, "PutItem")
BROKEN: list[tuple[Any, str, str]] = [
    (lambda: Wish.model_validate({"age": SECRET}), "ValidationError", "int_parsing"),
    (lambda: Wish.model_validate_json(f'["{SECRET}'), "ValidationError", "json_invalid"),
    (lambda: fail(AWS), "ClientError", "PutItem: Throttled"),
    (lambda: fail(ParamValidationError(report=SECRET)), "ParamValidationError", ""),
    (lambda: fail(PermanentError("photo_gone", SECRET)), "PermanentError", "photo_gone"),
    (lambda: open(f"/{SECRET}"), "FileNotFoundError", "errno 2"),  # noqa: PTH123, SIM115
    (lambda: json.loads(SECRET), "JSONDecodeError", ""),
    (lambda: SECRET.encode("utf-16").decode("ascii"), "UnicodeDecodeError", ""),
    (chained, "LookupError", ""),
    (suppressed, "KeyError", ""),
]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = logging.getLogRecordFactory()
    keep_words_out_of_logs()
    yield
    logging.setLogRecordFactory(before)


@pytest.mark.parametrize(("make", "name", "words"), BROKEN, ids=lambda value: str(value)[:20])
def test_an_exception_tells_its_class_its_place_and_its_code(
    make: Any, name: str, words: str
) -> None:
    error = raised(make)
    told = untold(error)
    assert (type(told).__name__, str(told)) == (name, words)
    assert type(told).__module__ == type(error).__module__
    text = "".join(traceback.format_exception(told))
    assert SECRET not in text.replace('"walnut"', "") + repr(told)
    assert "test_logs.py" in text
    assert untold(told) is told


def test_a_cause_is_told_as_well() -> None:
    told = untold(raised(chained))
    assert type(told.__cause__).__name__ == "ValueError"
    assert isinstance(told, LookupError)


@pytest.mark.parametrize("name", ["powertools", "library"])
def test_no_logger_writes_the_words(name: str) -> None:
    written = io.StringIO()
    logger: Any = logging.getLogger("a library's")
    if name == "powertools":
        logger = Logger(service="test_logs", stream=written)
    else:
        logger.addHandler(logging.StreamHandler(written))
    for make, kind, _ in BROKEN:
        try:
            make()
        except Exception as error:
            logger.exception("it broke")
            logger.error("it broke: %s", error)
        assert kind in written.getvalue()
    assert SECRET not in written.getvalue()


def test_lambda_gets_the_class_and_no_words() -> None:
    @without_words
    def lambda_handler(event: Any, context: Any) -> Any:
        return Wish.model_validate(event)

    assert lambda_handler({"age": 30}, None) == Wish(age=30)
    with pytest.raises(Exception, match=r"^int_parsing$") as seen:
        lambda_handler({"age": SECRET}, None)
    assert seen.type is not ValidationError
    assert seen.type.__name__ == "ValidationError"
    assert seen.value.__suppress_context__
