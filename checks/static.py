"""`make check`: what static tools find in the templates, the code, the files and the locks.

    python -m checks.static [--audit required]

A finding is mended, or skipped with its reason where it stands: in the Metadata of a template's
resource, under [tool.bandit] in pyproject.toml, in checks/secrets.toml. Whoever cannot reach the
database of vulnerabilities is told that this check was not done; with `--audit required` it fails.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.template import read_template

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".tools"
TEMPLATES = ("template.yaml", *sorted(f"infra/{path.name}" for path in ROOT.glob("infra/*.yaml")))
# The tests are judged by ruff's rules of the same kind: they assert and make up passwords.
CODE = ("layers", "functions", "contract", "local", "evaluation", "benchmarks", "checks")


class CheckError(Exception):
    """A tool that did not do its work; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one tool found; ``undone`` says why it could not look (at a part of it)."""

    findings: Sequence[str] = ()
    skipped: int = 0  # findings that the source itself justifies
    undone: str = ""


def run(
    tool: str,
    *arguments: str | Path,
    environment: str = "check",
    allowed: Sequence[int] = (0, 1),
) -> str:
    """A tool's standard output; CheckError where it broke off or its exit code is not allowed."""
    done = subprocess.run(
        [TOOLS / environment / "bin" / tool, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LOG_LEVEL": "CRITICAL", "AWS_DEFAULT_REGION": "eu-central-1"},
    )
    silent = done.returncode != 0 and not done.stdout.strip()  # broke off: findings are printed
    if silent or done.returncode not in allowed:
        raise CheckError((done.stderr or done.stdout).strip()[-1000:] or "it said nothing")
    return done.stdout


def cfn_lint() -> Outcome:
    """Every rule: with the informational ones, which `sam validate --lint` leaves out."""
    out = run("cfn-lint", "-c", "I", "--format", "parseable", "-t", *TEMPLATES, allowed=range(32))
    return Outcome(out.splitlines())


def checkov() -> Outcome:
    """On the templates with their anchors written out, since it cannot read a merged mapping."""
    with tempfile.TemporaryDirectory() as scratch:
        files: list[str | Path] = []
        for name in TEMPLATES:
            path = Path(scratch) / name.replace("/", "-").replace(".yaml", ".json")
            path.write_text(json.dumps(read_template(ROOT / name), indent=1))
            files += ["-f", path]
        options = ("--framework", "cloudformation", "--skip-download", "-o", "json")
        report = json.loads(run("checkov", *files, *options))
    results = report["results"]
    unread = [f"{file}: cannot be read" for file in results["parsing_errors"]]
    failed = [
        f"{Path(each['file_path']).stem} {each['resource']} {each['check_id']} {each['check_name']}"
        for each in results["failed_checks"]
    ]
    return Outcome([*unread, *failed], len(results["skipped_checks"]))


def bandit() -> Outcome:
    report = json.loads(run("bandit", "-q", "-c", "pyproject.toml", "-f", "json", "-r", *CODE))
    unread = [f"{error['filename']}: {error['reason']}" for error in report["errors"]]
    found = [
        f"{each['filename']}:{each['line_number']} {each['test_id']} {each['issue_text']}"
        for each in report["results"]
    ]
    return Outcome([*unread, *found], report["metrics"]["_totals"]["skipped_tests"])


def secrets() -> Outcome:
    """What looks like a secret in a tracked file and is not in secrets.toml; what is idle there."""
    settings = tomllib.loads((ROOT / "checks" / "secrets.toml").read_text())
    generated = "|".join(settings["generated"]["files"])
    options = ("scan", "--no-verify", "--exclude-files", f"^({generated})$")
    scanned = json.loads(run("detect-secrets", *options, environment="secrets"))
    allowed = {entry["line"]: re.compile(entry["line"]) for entry in settings["allowed"]}
    used, found, skipped = set(), [], 0
    for file, secrets_of_file in scanned["results"].items():
        lines = (ROOT / file).read_text().splitlines()
        for each in secrets_of_file:
            text = f"{file}: {lines[each['line_number'] - 1]}"
            by = {line for line, pattern in allowed.items() if pattern.search(text)}
            used |= by
            skipped += bool(by)
            if not by:
                found.append(f"{file}:{each['line_number']} {each['type']}")
    idle = [
        f"checks/secrets.toml: nothing is like {line!r} any more"
        for line in allowed
        if line not in used
    ]
    return Outcome([*found, *idle], skipped)


def pip_audit() -> Outcome:
    """Known vulnerabilities of every locked package, where the database can be asked."""
    packages: dict[tuple[str, str], dict[str, Any]] = {}
    for locked in sorted([*ROOT.glob("layers/*/requirements.txt"), *ROOT.glob("requirements/*")]):
        try:
            out = run(
                *("pip-audit", "-r", locked, "--disable-pip", "--require-hashes"),
                *("--no-deps", "--progress-spinner", "off", "-f", "json"),
            )
            report = json.loads(out)
        except (CheckError, json.JSONDecodeError) as error:
            return Outcome(undone=f"its database did not answer: {str(error).splitlines()[-1]}")
        for package in report["dependencies"]:
            packages[package["name"], package.get("version", "")] = package
        if all("skip_reason" in package for package in packages.values()):
            break  # it does not answer; the other locks would wait for nothing
    return audited(list(packages.values()))


def audited(packages: Sequence[dict[str, Any]]) -> Outcome:
    """The outcome of pip-audit's rows; a package that it had no answer for is not a clean one."""
    unknown = [package for package in packages if "skip_reason" in package]
    found = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, "
        f"mended in {', '.join(vulnerability['fix_versions']) or 'no release'}"
        for package in packages
        for vulnerability in package.get("vulns", [])
    ]
    if len(unknown) == len(packages):
        return Outcome(undone="its database could not be reached, so no package was looked up")
    if unknown:
        names = ", ".join(sorted(package["name"] for package in unknown))
        return Outcome(found, undone=f"no answer for {len(unknown)} of {len(packages)}: {names}")
    return Outcome(found)


CHECKS: dict[str, Callable[[], Outcome]] = {
    "cfn-lint": cfn_lint,
    "checkov": checkov,
    "bandit": bandit,
    "detect-secrets": secrets,
    "pip-audit": pip_audit,
}


def told(name: str, outcome: Outcome) -> list[str]:
    """The lines that say how a check went, its findings below it."""
    skipped = f", {outcome.skipped} skipped with a reason" if outcome.skipped else ""
    count = f"{len(outcome.findings)} findings" if outcome.findings else "clean"
    if outcome.undone:
        count = f"NOT DONE: {outcome.undone}" + (f"; {count}" if outcome.findings else "")
    return [f"{name:<15}{count}{skipped}", *(f"  {finding}" for finding in outcome.findings)]


def verdict(outcomes: dict[str, Outcome], audit_required: bool) -> tuple[str, int]:
    """The last line and the exit code: what was not done is never called clean."""
    bad = [name for name, outcome in outcomes.items() if outcome.findings]
    undone = [name for name, outcome in outcomes.items() if outcome.undone]
    missing = f" NOT CHECKED: {', '.join(undone)}." if undone else ""
    if bad:
        return f"Findings: {', '.join(bad)}.{missing}", 1
    if undone:
        return f"No findings.{missing}", int(audit_required)
    return "Clean.", 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audit", choices=["where-reached", "required"], default="where-reached")
    wanted = parser.parse_args()
    outcomes = {}
    for name, check in CHECKS.items():
        try:
            outcomes[name] = check()
        except CheckError as error:
            outcomes[name] = Outcome([f"it did not run: {error}"])
        print("\n".join(told(name, outcomes[name])), flush=True)
    last, code = verdict(outcomes, wanted.audit == "required")
    print(last)
    return code


if __name__ == "__main__":
    sys.exit(main())
