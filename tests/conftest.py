"""What all tests share: the folder of helper modules, and the rule that no test is skipped in silence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# Helper modules are imported as `contract.checks`; with --import-mode=importlib pytest adds no folder itself.
sys.path.insert(0, str(Path(__file__).parent))

# The only reason for which a test may be skipped: a package of an extra is not installed.
_EXCUSE = "could not import"
_unexcused: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if _EXCUSE not in reason:
            _unexcused.append(f"{report.nodeid}: {reason}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if _unexcused and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _unexcused:
        terminalreporter.write_line(f"skipped without excuse: {line}", red=True)
