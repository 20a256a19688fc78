"""`make check`: a finding fails it, and what was not looked at is never called clean."""

import tomllib
from pathlib import Path

import pytest

from checks import static
from checks.static import TEMPLATES, CheckError, Outcome, audited, told, verdict
from local.template import read_template

ROOT = Path(__file__).parents[2]
UNKNOWN = {"name": "numpy", "skip_reason": "Dependency not found on PyPI"}
CLEAN = {"name": "pillow", "version": "13.0.0", "vulns": []}
HIT = {
    "name": "urllib3",
    "version": "2.0.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.0.1"]}, {"id": "PYSEC-2", "fix_versions": []}],
}


def test_a_finding_fails_and_is_told() -> None:
    outcomes = {"bandit": Outcome(["a.py:1 B602 a shell"]), "checkov": Outcome(skipped=3)}
    assert verdict(outcomes, audit_required=False) == ("Findings: bandit.", 1)
    assert told("bandit", outcomes["bandit"])[1:] == ["  a.py:1 B602 a shell"]
    assert told("checkov", outcomes["checkov"]) == ["checkov        clean, 3 skipped with a reason"]


@pytest.mark.parametrize(("required", "code"), [(False, 0), (True, 1)])
def test_an_audit_without_its_database_is_not_called_clean(required: bool, code: int) -> None:
    outcome = audited([UNKNOWN, UNKNOWN])
    assert told("pip-audit", outcome) == [
        "pip-audit      NOT DONE: its database could not be reached, so no package was looked up"
    ]
    found = {"bandit": Outcome(["a shell"]), "pip-audit": outcome}
    assert verdict(found, required) == ("Findings: bandit. NOT CHECKED: pip-audit.", 1)
    said = verdict({"pip-audit": outcome}, audit_required=required)
    assert said == ("No findings. NOT CHECKED: pip-audit.", code)


def test_one_package_without_an_answer_is_named() -> None:
    assert audited([UNKNOWN, CLEAN]).undone == "no answer for 1 of 2: numpy"
    assert verdict({"pip-audit": audited([CLEAN])}, audit_required=True) == ("Clean.", 0)


def test_a_vulnerability_says_what_mends_it() -> None:
    assert audited([HIT, CLEAN]).findings == [
        "urllib3 2.0.0: PYSEC-1, mended in 2.0.1",
        "urllib3 2.0.0: PYSEC-2, mended in no release",
    ]


def test_an_audit_that_breaks_off_was_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks_off(*arguments: object) -> str:
        raise CheckError("a trace\nConnectionError")

    monkeypatch.setattr(static, "run", breaks_off)
    assert static.pip_audit().undone == "its database did not answer: ConnectionError"


def test_a_tool_that_does_not_run_fails_the_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks_off() -> Outcome:
        raise CheckError("no such file")

    monkeypatch.setattr(static, "CHECKS", {"bandit": breaks_off, "checkov": Outcome})
    monkeypatch.setattr("sys.argv", ["static"])
    assert static.main() == 1
    assert capsys.readouterr().out.splitlines() == [
        "bandit         1 findings",
        "  it did not run: no such file",
        "checkov        clean",
        "Findings: bandit.",
    ]


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_skip_of_a_template_says_why(name: str) -> None:
    for logical_id, resource in read_template(ROOT / name)["Resources"].items():
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
            assert len(skip["comment"].split()) > 5, f"{logical_id}: {skip['id']}"


def test_every_secret_that_is_none_says_why() -> None:
    settings = tomllib.loads((ROOT / "checks" / "secrets.toml").read_text())
    assert all(entry["why"] for entry in settings["allowed"])
    assert len({entry["line"] for entry in settings["allowed"]}) == len(settings["allowed"])
