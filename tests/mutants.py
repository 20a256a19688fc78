"""Draws mutants of what Lambda runs and says which of them the unit and integration tests kill.

    make mutants [SEED=commit] [COUNT=40]

A mutant is one line of the package or of a function, drawn at random, with one of Cosmic Ray's
operators applied to it: a comparison turned round, a number one off, a loop that never runs. SEED
is the hash of a commit, so that nobody chooses. Each mutant lives in a copy of the tree, never in
yours, in which every test passes before the first. The tests that name the mutant's module run
first, then all of them, until one fails. Writes .mutants/report.txt; exit status 1 where fewer than
KILLED_AT_LEAST of ten are killed.
"""

import ast
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).parents[1]
OUT = ROOT / ".mutants"
COPY = OUT / "tree"
CODE = ("layers/shared/facet", "functions")
TESTS = ("tests/unit", "tests/integration")
KILLED_AT_LEAST = 9  # of ten
PATIENCE = 900  # seconds a test run may take; a mutant that hangs is killed
# Operators that most often make what Python refuses at once, which any test would notice.
USELESS = (
    *("RemoveDecorator", "VariableInserter", "VariableReplacer", "ReplaceUnaryOperator_Delete"),
    *("BitOr", "BitAnd", "BitXor", "LShift", "RShift", "Invert"),
)


@dataclass(frozen=True)
class Mutant:
    """One change of one line."""

    path: Path
    line: int
    operator: str
    occurrence: int

    def code(self) -> str | None:
        """The whole file with the change, None where it changes nothing or is no Python."""
        before = self.path.read_text()
        after = mutate_code(before, get_operator(self.operator)(), self.occurrence)
        try:
            same = ast.dump(ast.parse(after or before)) == ast.dump(ast.parse(before))
        except SyntaxError:
            return None
        return None if same else after


def annotation_lines(code: str) -> set[int]:
    """Lines whose change no test can see: annotations, and what is imported for them alone."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(code)):
        notes = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            notes += [node]
        if isinstance(node, ast.TypeAlias):
            notes += [node]
        for note in notes:
            if note is not None:
                lines |= set(range(note.lineno, (note.end_lineno or note.lineno) + 1))
    return lines


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every mutant of a file."""
    code = path.read_text()
    unseen = annotation_lines(code)
    nodes = list(ast_nodes(get_ast(code)))
    for name in sorted(operator_names()):
        if any(word in name for word in USELESS):
            continue
        operator, occurrence = get_operator(name)(), 0
        for node in nodes:
            for (line, _), _ in operator.mutation_positions(node):
                if line not in unseen:
                    yield Mutant(path, line, name, occurrence)
                occurrence += 1


def drawn(seed: str, count: int) -> list[Mutant]:
    """`count` mutants on different lines, each line as likely as any other."""
    by_line: dict[tuple[Path, int], list[Mutant]] = {}
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for mutant in mutants_of(path):
                by_line.setdefault((path, mutant.line), []).append(mutant)
    chance = random.Random(seed)  # noqa: S311 - to be drawn again, not to be secret
    chosen: list[Mutant] = []
    places = sorted(by_line)
    chance.shuffle(places)
    for place in places:
        mutant = chance.choice(by_line[place])
        if mutant.code() is not None:
            chosen.append(mutant)
        if len(chosen) == count:
            break
    return chosen


def tests_near(mutant: Mutant) -> list[str]:
    """Test files that name the mutant's module, those about it first."""
    module, room = mutant.path.stem, mutant.path.parent.name
    if module == "app":
        module = room
    files = [path for folder in TESTS for path in sorted((COPY / folder).rglob("test_*.py"))]
    near = [path for path in files if module in path.stem]
    near += [p for p in files if p not in near and f"{room}.{module}" in p.read_text()]
    return [str(path.relative_to(COPY)) for path in near]


def fails(tests: list[str], environment: dict[str, str]) -> str | None:
    """The first test that fails, None where all pass."""
    command = [
        str(ROOT / ".venv/bin/pytest"),
        "-x",
        "-q",
        "-n",
        "2",
        "-p",
        "no:cacheprovider",
        *tests,
    ]
    try:
        run = subprocess.run(  # noqa: S603
            [*command, *tests],
            cwd=COPY,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "took too long"
    if run.returncode == 0:
        return None
    lines = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return lines[0].split(" - ")[0] if lines else f"exit status {run.returncode}"


def copy_tree() -> dict[str, str]:
    """A copy of the tracked tree with the built models; the environment that tests run it in."""
    shutil.rmtree(OUT, ignore_errors=True)
    COPY.mkdir(parents=True)
    tracked = subprocess.run(
        ["git", "ls-files"],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    for name in tracked:
        (COPY / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, COPY / name)
    for built in ("layers/models/models", "build/models", ".tools"):
        (COPY / built).parent.mkdir(parents=True, exist_ok=True)
        (COPY / built).symlink_to(ROOT / built)
    faces = ROOT.parent / "shared"
    if faces.exists():
        (OUT / "shared").symlink_to(faces)
    return {
        **os.environ,
        "PYTHONPATH": str(COPY / "layers/shared"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def main() -> int:
    """Prints a line a mutant, and the share that was killed."""
    seed, count = sys.argv[1], int(sys.argv[2])
    environment = copy_tree()
    if failure := fails(list(TESTS), environment):
        raise SystemExit(f"A test fails without any mutant, so none could be told: {failure}")
    lines, killed = [], 0
    for number, mutant in enumerate(drawn(seed, count), 1):
        place = mutant.path.relative_to(ROOT)
        target = COPY / place
        whole = target.read_text()
        target.write_text(mutant.code() or whole)
        try:
            near = tests_near(mutant)
            killer = (fails(near, environment) if near else None) or fails(list(TESTS), environment)
        finally:
            target.write_text(whole)
        killed += killer is not None
        lines.append(f"{number:2} {place}:{mutant.line} {mutant.operator}: {killer or 'SURVIVED'}")
        print(lines[-1], flush=True)
    lines.append(f"{killed} of {len(lines)} killed; seed {seed}")
    print(lines[-1])
    (OUT / "report.txt").write_text("\n".join(lines) + "\n")
    return 0 if 10 * killed >= KILLED_AT_LEAST * count else 1


if __name__ == "__main__":
    sys.exit(main())
