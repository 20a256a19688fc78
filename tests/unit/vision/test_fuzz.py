"""A hundred of the hostile photos of `make fuzz`, and the harness that sends them."""

import pytest

from tests.fuzz.mutants import Mutant, mutant
from tests.fuzz.run import CPU, MEMORY, Ending, Report, Stages, fuzz
from tests.fuzz.seeds import Seed, seeds
from tests.fuzz.stages import STAGES

MUTANTS = 100


@pytest.fixture(scope="module")
def files() -> list[Seed]:
    return seeds(beside=False)


def test_hostile_photos_are_answered_or_refused_with_a_code(files: list[Seed]) -> None:
    report = fuzz("units", range(MUTANTS), files, processes=1)

    assert report.mutants == MUTANTS
    assert not report.failed, "\n".join(report.lines("units"))
    stages = {stage for _, stage in report.counts}
    assert stages == set(STAGES)


def test_every_whole_file_is_answered_by_the_decoder_but_the_moving_one(files: list[Seed]) -> None:
    with Stages() as stages:
        for number, file in enumerate(files):
            told = stages.run(Mutant(number, file.format, file.name, file.data))
            assert told
            expected = "unsupported_format" if file.name == "webp-moving" else "answer"
            assert (file.name, told[0].outcome) == (file.name, expected)


def test_a_mutant_is_the_same_again_by_its_number(files: list[Seed]) -> None:
    one = [mutant("a", number, files) for number in range(12)]

    assert one == [mutant("a", number, files) for number in range(12)]
    assert one != [mutant("b", number, files) for number in range(12)]
    assert {a.format for a in one} == {"jpeg", "png", "webp", "heic"}


@pytest.mark.parametrize(
    ("outcome", "cpu", "memory"),
    [("uncoded: KeyError", 0, 0), ("answer", CPU + 1, 0), ("corrupt_image", 0, MEMORY + 1)],
)
def test_what_has_no_code_or_takes_too_much_fails(outcome: str, cpu: float, memory: float) -> None:
    report = Report()

    report.add([Ending(Mutant(7, "jpeg", "jpeg: cut", b""), "decode", outcome, cpu, memory)])

    assert len(report.failed) == 1
    assert "make fuzz SEED=words ONLY=7" in "\n".join(report.lines("words"))


def test_a_mutant_that_kills_its_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.run.PATIENCE", 0)  # whatever it does takes too long
    with Stages() as stages:
        assert stages.run(Mutant(1, "jpeg", "jpeg", b"\xff\xd8\xff" + bytes(20_000_000))) is None
        assert stages.died_in in STAGES
        assert stages.killed_by() == 9
