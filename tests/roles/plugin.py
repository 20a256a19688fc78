"""Joins what the workers of a test session recorded, and holds it against the roles at its end.

Only with `--roles`, as `make units` and `make roles` give it: what a function may and never does is
known once all of tests/integration has run, so a session that ran less of it fails then. A session
whose tests failed compares nothing, and fails anyway.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.roles import comparison, recorder
from tests.roles.template import granted

INTEGRATION = Path(__file__).parents[1] / "integration"


class RolesPlugin:
    """One per process; with xdist the controller's compares and the workers' only report."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.is_worker = hasattr(config, "workerinput")
        self.uses: set[recorder.Use] = set()
        self.files: set[str] = set()
        self.told: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        if self.is_worker:
            output: dict[str, Any] = self.config.workeroutput  # type: ignore[attr-defined]
            output["roles"] = [list(use) for use in recorder.uses()]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        output = getattr(node, "workeroutput", {})  # a worker that crashed has none
        self.uses |= {recorder.Use(*use) for use in output.get("roles", ())}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and not report.skipped:
            self.files.add(Path(report.nodeid.partition("::")[0]).name)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        result = yield
        if not self.is_worker:
            self.uses |= recorder.uses()
            compared = self.config.getoption("--roles") and not session.testsfailed
            self.told = [*self._found()] if compared else []
            session.testsfailed += bool(self.told)
        return result

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.config.getoption("--roles"):
            terminalreporter.section("roles")
            functions = {use.function for use in self.uses}
            terminalreporter.line(
                f"{len(self.uses)} actions on resources recorded, of {len(functions)} functions; "
                f"{len(self.told)} to add or to take away"
            )
            for line in self.told:
                terminalreporter.line(line, red=True)

    def _found(self) -> Iterator[str]:
        if lacking := self._not_run():
            yield f"--roles compares after all of tests/integration; not run: {lacking}"
            return
        from tests.template.conftest import TRANSLATE, ask_sam  # noqa: PLC0415

        grants = {recorder.Use(*one) for one in granted(ask_sam(TRANSLATE)["Resources"])}
        yield from comparison.missing(self.uses, grants)
        yield from comparison.excess(self.uses, grants, comparison.reasons())

    def _not_run(self) -> Sequence[str]:
        chosen = [
            option
            for option in ("keyword", "markexpr", "deselect", "lf")
            if self.config.getoption(option, None)
        ]
        there = {path.name for path in INTEGRATION.glob("test_*.py")}
        part = [argument for argument in self.config.args if "::" in argument]
        return sorted(there - self.files) + chosen + part
