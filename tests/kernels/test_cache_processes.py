"""The cache of compiled kernels shared by several processes, some of which are killed or may not write."""

from __future__ import annotations

from pathlib import Path

import pytest
from kernels.interpreter import CALL, PRINTED, finished, start

pytestmark = pytest.mark.usefixtures("empty")


def test_a_new_process_loads_machine_code_and_no_compiler() -> None:
    heavy = {"sympy", "scipy.linalg", "numba.np.arraymath", "actlab.kernels.words"}
    look = f"{CALL}; import sys; print(*sorted({heavy} & {{*sys.modules}}))"
    out, _ = finished(start(look))
    assert {"numba.np.arraymath", "actlab.kernels.words"} <= {*out.split()}
    assert finished(start(look)) == (f"{PRINTED}\n", "")


AT_ONCE = f"""
import actlab, numpy, os
empty, os.environ["ACTLAB_CACHE_DIR"] = os.environ["ACTLAB_CACHE_DIR"], "{{elsewhere}}"
actlab.identity(numpy.ones(2))  # what Numba loads once is loaded: the children compile at the same moment
os.environ["ACTLAB_CACHE_DIR"] = empty
waiting, go = os.pipe()
for _ in range(8):
    if not os.fork():
        os.close(go)
        os.read(waiting, 1)  # returns when the parent closes the other end
        os._exit(actlab.relu(numpy.array([-1.0, 2.0])).tolist() != [0.0, 2.0])
os.close(go)
assert [os.wait()[1] for _ in range(8)] == [0] * 8
{CALL}
"""


def test_eight_processes_may_fill_an_empty_folder_at_once(empty: Path) -> None:
    assert finished(start(AT_ONCE.format(elsewhere=empty.with_name("elsewhere")))) == (PRINTED, "")
    assert sorted(path.suffix for path in empty.rglob("*.*")) == [".bin", ".py"]


HANG = "lambda *_: (print('now', flush=True), time.sleep(100))"
MOMENTS = {"compiling": f"cache.machine_code = {HANG}", "writing": f"cache.Path.chmod = {HANG}"}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_in_the_middle(moment: str, empty: Path) -> None:
    process = start(f"import time; from actlab.kernels import cache; {MOMENTS[moment]}; {CALL}")
    assert process.stdout is not None
    assert process.stdout.readline() == "now\n"
    process.kill()
    process.communicate()
    assert [path.suffix for path in empty.rglob("*.*")] == [".tmp"] * (moment == "writing")
    assert finished(start()) == (PRINTED, "")
    assert len(list(empty.rglob("*.bin"))) == 1


def test_machine_code_for_another_processor_is_not_run(empty: Path) -> None:
    assert finished(start()) == (PRINTED, "")
    (ours,) = empty.rglob("*.bin")
    written = ours.stat().st_mtime_ns
    assert finished(start(NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="-avx512f")) == (PRINTED, "")
    assert len(list(empty.rglob("*.bin"))) == 2
    assert ours.stat().st_mtime_ns == written


UNWRITABLE = {
    "full": "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))",
    "read-only": "os.geteuid() or os.seteuid(65534)",  # permissions do not bind the superuser
}
# The first call is made in a good folder: afterwards no module of Python's need be read.
TWO_CALLS = """
import actlab, numpy, os
actlab.identity(numpy.ones(2))
os.environ["ACTLAB_CACHE_DIR"] = {folder!r}
{change}
print(*actlab.relu(numpy.array([-1.0, 2.0])))
actlab.abs(numpy.ones(2))
"""


@pytest.mark.parametrize("kind", UNWRITABLE)
def test_a_folder_that_cannot_be_written_costs_one_warning(kind: str, empty: Path) -> None:
    bad = empty.with_name("bad")
    bad.mkdir(mode=0o555 if kind == "read-only" else 0o755)
    out, err = finished(start(TWO_CALLS.format(folder=str(bad), change=UNWRITABLE[kind])))
    assert out == PRINTED
    assert err.count("RuntimeWarning: actlab cannot use its cache folder") == 1
    assert not list(bad.rglob("*.*"))


def test_without_home(tmp_path: Path) -> None:
    out, err = finished(start(ACTLAB_CACHE_DIR="", XDG_CACHE_HOME="", HOME="", TMPDIR=str(tmp_path)))
    assert out == PRINTED
    assert err.count("Warning") <= 1
