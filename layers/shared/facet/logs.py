"""Exceptions without their words: what broke and where, and nothing of whom it broke for.

The text of an exception is made of what was wrong, and that is what somebody sent: pydantic quotes
the value, botocore the argument, json the document. Logs keep such a text for weeks, and Lambda
sends it to a failure queue besides. So of an exception its class, its place and its code are told.
"""

import logging
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any


def untold(error: BaseException) -> BaseException:
    """The exception again: its class, traceback and causes, with `known_of` for words."""
    kind = type(error)
    if kind.__str__ is _words:
        return error
    told = _made(kind)
    told.args = (known_of(error),)
    told.__traceback__ = error.__traceback__
    told.__cause__ = untold(error.__cause__) if error.__cause__ else None
    told.__context__ = untold(error.__context__) if error.__context__ else None
    told.__suppress_context__ = error.__suppress_context__
    return told


def known_of(error: BaseException) -> str:
    """Codes alone: ours, AWS' with the operation's name, pydantic's kinds of fault."""
    return ", ".join(_codes(error))


def _codes(error: BaseException) -> Iterator[str]:
    known: Any = error
    if isinstance(code := getattr(known, "code", None), str):
        yield code
    if isinstance(response := getattr(known, "response", None), dict):  # botocore's ClientError
        yield f"{known.operation_name}: {response.get('Error', {}).get('Code')}"
    if callable(faults := getattr(known, "errors", None)):  # pydantic's ValidationError
        kinds = (fault["type"] for fault in faults() if isinstance(fault, dict))
        yield from dict.fromkeys(map(str, kinds))
    if isinstance(number := getattr(known, "errno", None), int):
        yield f"errno {number}"


def without_words[**P, R](handler: Callable[P, R]) -> Callable[P, R]:
    """The handler; what it raises reaches Lambda, its log and its failure queue without words."""

    @wraps(handler)
    def lambda_handler(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return handler(*args, **kwargs)
        except Exception as error:
            raise untold(error) from None

    return lambda_handler


def keep_words_out_of_logs() -> None:
    """From now on no logger of this process writes the words of an exception."""
    make = logging.getLogRecordFactory()
    if isinstance(make, _QuietRecords):
        return
    logging.setLogRecordFactory(_QuietRecords(make))


class _QuietRecords:
    """Makes records whose exceptions, logged or named in a message, are untold."""

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self._make(*args, **kwargs)
        if record.exc_info and record.exc_info[1]:
            told = untold(record.exc_info[1])
            record.exc_info = (type(told), told, record.exc_info[2])
        if isinstance(record.args, tuple):
            record.args = tuple(
                untold(each) if isinstance(each, BaseException) else each for each in record.args
            )
        return record


def _words(self: BaseException) -> str:
    return str(self.args[0])


def _made(kind: type[BaseException]) -> BaseException:
    """An exception of this kind's name that says its first argument and no more."""
    quiet = _quiet(kind, kind)
    try:
        return quiet.__new__(quiet)
    except TypeError:  # some, such as pydantic's, are made by their own library alone
        return _quiet(kind, Exception)()


def _quiet(kind: type[BaseException], base: type[BaseException]) -> type[BaseException]:
    members = {"__str__": _words, "__repr__": _words, "__module__": kind.__module__}
    return type(kind.__name__, (base,), members)
