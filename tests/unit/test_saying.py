import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from facet.saying import say, sentences

PACKAGE = Path(__file__).parents[2] / "layers" / "shared" / "facet"
# What is called to tell a person something, and the names that what they read goes by.
TELLS = {
    *("Note", "notes.add", "Reason", "Failure", "Legend", "LegendEntry", "Measured", "Sample"),
    *("BusyError", "PermanentError", "PhotoRejectedError", "QuotaExceededError"),
}
SHOWN = ("text", "message", "hint", "reason", "meaning", "detail", "title")
# Read at a shell by who runs a stack or builds a catalogue.
AT_A_SHELL = ("cli", "importers.py", "build.py", "sources.py")


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


# --- and none stands in code ---------------------------------------------------------------------


def sentences_left(code: str) -> Iterator[str]:
    """Texts of several words that code tells a person without asking for their key."""
    for node in ast.walk(ast.parse(code)):
        told: list[ast.expr | None] = []
        if isinstance(node, ast.Call):
            if ast.unparse(node.func) in TELLS:
                told += node.args
            told += [word.value for word in node.keywords if word.arg in SHOWN]
        elif isinstance(node, ast.Dict):
            told += [
                value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and key.value in SHOWN
            ]
        elif isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
            told += [
                argument
                for call in ast.walk(node)
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__"
                for argument in call.args
            ]
        for value in told:
            yield from literals(value)


def literals(node: ast.AST | None) -> Iterator[str]:
    if node is None or (isinstance(node, ast.Call) and ast.unparse(node.func) == "say"):
        return
    if isinstance(node, ast.Constant | ast.JoinedStr):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
        if len(re.findall(r"[A-Za-z]{2,}", text)) > 1 and " " in text:
            yield text
        return
    for child in ast.iter_child_nodes(node):
        yield from literals(child)


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(PACKAGE.rglob("*.py")) if not {*path.parts} & {*AT_A_SHELL}],
    ids=lambda path: path.stem,
)
def test_no_sentence_stands_in_code(path: Path) -> None:
    assert list(sentences_left(path.read_text())) == []


@pytest.mark.parametrize(
    "code",
    [
        'raise PermanentError("gone", "It is gone.")',
        'raise PermanentError("gone", f"{name} is gone.")',
        'PermanentError("gone", reason or "It is gone.")',
        'notes.add("gone", "It is gone.", item_id)',
        'Reason(text="It is gone.", points_at="bag")',
        'LOST = {"status": "failed", "message": "It is gone."}',
        'class GoneError(Exception):\n def __init__(self): super().__init__("It is gone.")',
    ],
)
def test_a_sentence_in_code_is_seen(code: str) -> None:
    assert len(list(sentences_left(code))) == 1


def test_a_sentence_that_is_said_is_none_in_code() -> None:
    code = 'raise PermanentError("gone", say("problem.gone.detail", names=", ".join(names)))'
    assert list(sentences_left(code)) == []
