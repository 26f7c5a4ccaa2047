"""A test-runner plugin: under continuous integration (`CI` in the environment) nothing is skipped in silence."""

import os
import re

import pytest

# Public vectors of the standards lie beside the project and are not part of it; a clone alone does without them.
_ALLOWED = re.compile(r"not beside the project")


class _Skips:
    def __init__(self) -> None:
        self.unexplained: list[str] = []

    def note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if not report.skipped or hasattr(report, "wasxfail"):
            return
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not _ALLOWED.search(reason):
            self.unexplained.append(f"{report.nodeid}: {reason}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.note(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.unexplained and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.unexplained:
            terminalreporter.section("skipped under CI: counted as failures", red=True)
            for line in self.unexplained:
                terminalreporter.line(line)


def pytest_configure(config: pytest.Config) -> None:
    # Workers of xdist hand their reports to the main process, which alone decides.
    if os.environ.get("CI") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Skips(), "unexplained-skips")
