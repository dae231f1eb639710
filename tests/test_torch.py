"""`actlab.torch` where PyTorch is missing; this needs no PyTorch."""

from __future__ import annotations

import subprocess
import sys

import pytest

NEEDED = "actlab.torch needs torch; pip install 'actlab[torch]'"
# Python refuses to import what stands as None in sys.modules, as if it were not installed.
HIDDEN = "import sys; sys.modules['torch'] = None; "


@pytest.mark.parametrize(
    "code",
    [
        "import actlab.torch",
        "from actlab.torch import SiLU",
        "import actlab; actlab.torch.SiLU",
        "import actlab; actlab.torch",
    ],
)
def test_one_line_says_what_to_install(code: str) -> None:
    result = subprocess.run([sys.executable, "-c", HIDDEN + code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == f"actlab.errors.MissingExtra: {NEEDED}"


def test_everything_else_works_without_torch() -> None:
    code = HIDDEN + "import actlab, numpy; print(actlab.silu(1.0), actlab.relu(numpy.ones(1)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "0.7310585786300049 [1.]\n"
