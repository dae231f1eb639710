"""What must be true of a cluster that runs already before anything is sent there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata

from actlab.errors import OptionError
from actlab.experiment.engines.base import WHO

# Seconds a cluster may take to answer, the import of Ray or Dask included. They themselves wait for a dead
# address for two minutes (Ray 2.60, which then ends the process) or without end (Dask 2026.8 and a port that
# belongs to something else).
PATIENCE = 20

# Another version of one of these gives other numbers.
SAME = ("actlab", "torch")


def check_answers(library: str, connect: str, address: str) -> None:
    """Connect once in a process of its own, which can be given up.

    Parameters
    ----------
    library : "Ray" or "Dask"
    connect : Python statements that connect to ``sys.argv[1]``
    address : of the cluster

    Raises
    ------
    OptionError
        If that fails or takes too long.
    """
    command = [sys.executable, "-c", connect, address]
    try:
        subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)  # noqa: S603  ourselves
    except subprocess.TimeoutExpired as error:
        reason = f"no answer within {PATIENCE} seconds: {_last_line((error.stderr or b'').decode())}"
    except subprocess.CalledProcessError as error:
        reason = _last_line(error.stderr)
    else:
        return
    raise OptionError(f"{WHO}: address must be that of a running {library} cluster; got address={address!r}; {reason}")


def _last_line(text: str) -> str:
    """Where Python and Ray say what went wrong."""
    return (text.strip().splitlines() or ["nothing was said"])[-1]


def check_versions(package: str, found: Iterable[object]) -> None:
    """Compare a package's version here with what the workers say: a text, or the exception of a package not found.

    Raises
    ------
    OptionError
    """
    here = metadata.version(package)
    for there in found:
        if there != here:
            has = f"{package} {there}" if isinstance(there, str) else f"no {package}"
            raise OptionError(
                f"{WHO}: the workers of a cluster must have {package} {here}, as this machine does; got {has}; "
                "other versions give other numbers"
            )
