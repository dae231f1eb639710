"""What runs when packages are missing: nothing is skipped in silence.

With the core dependencies alone, files that need an extra are left out and named in the summary with the package they
miss. With every extra installed, nothing may be skipped at all.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
_COMPARE = ("cloudpickle", "filelock", "torch", "pandas", "scipy", "sklearn", "joblib", "mnist1d")
_REPORT = ("matplotlib", "jinja2", "pandas", "numpy")
# Files and folders -> the packages they need, beside the core dependencies.
NEEDS: dict[str, tuple[str, ...]] = {
    "src/actlab/torch.py": ("torch",),
    "src/actlab/emit/torch.py": ("torch",),
    "src/actlab/frameworks/dask.py": ("dask",),
    "src/actlab/frameworks/pandas.py": ("pandas",),
    "src/actlab/frameworks/torch": ("torch",),
    "src/actlab/frameworks/xarray.py": ("xarray",),
    "src/actlab/plots/curves.py": ("matplotlib",),
    "src/actlab/plots/style.py": ("matplotlib",),
    "src/actlab/report": _REPORT,
    "src/actlab/verification": ("flint", "ml_dtypes"),
    "src/actlab/experiment": _COMPARE,
    # Tools of the tests themselves, which `actlab[dev]` brings.
    "tests/contract": ("flint", "hypothesis", "ml_dtypes"),
    "tests/emit/test_text.py": ("hypothesis",),
    "tests/frameworks/tensors.py": ("torch",),
    "tests/frameworks/test_citizenship.py": ("flint", "ml_dtypes"),
    "tests/frameworks/test_dask.py": ("dask", "flint", "ml_dtypes"),
    "tests/frameworks/test_labels.py": ("dask", "flint", "ml_dtypes", "pandas", "xarray"),
    "tests/frameworks/test_memory.py": ("ml_dtypes",),
    "tests/frameworks/test_numpy.py": ("flint", "hypothesis", "ml_dtypes"),
    "tests/frameworks/test_torch_calls.py": ("torch", "flint"),
    "tests/frameworks/test_torch_modules.py": ("torch", "flint"),
    "tests/frameworks/test_torch_transforms.py": ("torch", "flint"),
    "tests/kernels/test_workers.py": ("torch", "joblib", "dask"),
    "tests/mutations": ("flint", "hypothesis", "ml_dtypes"),
    "tests/benchmarks/test_compare.py": _COMPARE,
    "tests/cli/test_compare.py": (*_COMPARE, *_REPORT),
    "tests/cli/test_comparison.py": (*_COMPARE, *_REPORT),
    "tests/cli/test_plot.py": ("matplotlib",),
    "tests/experiment": (*_COMPARE, "statsmodels"),
    "tests/experiment/test_data_parquet.py": ("pyarrow",),
    "tests/experiment/test_engines.py": ("distributed", "psutil", "ray"),
    "tests/plots": ("matplotlib",),
    "tests/report": (*_REPORT, *_COMPARE),
    "tests/test_documents.py": (*_COMPARE, *_REPORT, "distributed", "ray"),
    "tests/verification": ("flint", "ml_dtypes"),
}
# What may be skipped one by one: a package that is missing, a statement about a function that was just added, a look
# at machine code of another kind of CPU, what PyTorch's own compiler cannot do here, and a look through a browser.
_EXCUSES = (
    "could not import",
    "nobody has written a rule",
    "looks for instructions of AVX2",
    "cannot compile x + 1",
    "no Chromium here",
)

_unexcused: list[str] = []


def missing(place: str) -> list[str]:
    """The packages this file or folder needs that are not installed."""
    return [package for package in NEEDS.get(place, ()) if find_spec(package) is None]


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out what cannot be imported."""
    return bool(missing(collection_path.relative_to(ROOT).as_posix())) or None


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note skips that have no excuse."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(excuse in reason for excuse in _EXCUSES):
            _unexcused.append(f"{report.nodeid}: {reason}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A skip without excuse fails the run."""
    if _unexcused and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not run, and why."""
    for place in NEEDS:
        if missing(place):
            terminalreporter.write_line(f"not run: {place} needs {', '.join(missing(place))}")
    for line in _unexcused:
        terminalreporter.write_line(f"skipped without excuse: {line}", red=True)
