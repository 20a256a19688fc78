import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from facet.saying import say, sentences

PACKAGE = Path(__file__).parents[2] / "layers" / "shared" / "facet"


def keys_said() -> Iterator[tuple[str, str]]:
    """(file, pattern) of the key of every call of `say`; a braced part stands for one name."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id != "say" or not node.args:
                    continue
                yield path.name, key_pattern(node.args[0])


def key_pattern(key: ast.expr) -> str:
    if isinstance(key, ast.Constant):
        return re.escape(str(key.value))
    assert isinstance(key, ast.JoinedStr), "say takes a literal key or an f-string of one"
    return "".join(
        re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"[a-z0-9_]+"
        for part in key.values
    )


def test_every_key_that_is_said_has_a_sentence() -> None:
    for file, pattern in keys_said():
        assert any(re.fullmatch(pattern, key) for key in sentences()), f"{file}: {pattern}"


def test_every_sentence_is_said_somewhere() -> None:
    patterns = [pattern for _, pattern in keys_said()]
    unsaid = [k for k in sentences() if not any(re.fullmatch(p, k) for p in patterns)]
    assert not unsaid


def test_sentences_are_texts_that_can_be_filled() -> None:
    for key, sentence in sentences().items():
        assert isinstance(sentence, str), key
        assert sentence.strip() == sentence, key


def test_a_key_that_is_missing_is_an_error_and_not_an_empty_sentence() -> None:
    with pytest.raises(KeyError):
        say("no.such_key")
