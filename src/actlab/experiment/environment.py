"""What a number may depend on besides the settings: versions and hardware."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any


def environment(engine: str, jobs: int, device: str, seconds: float) -> dict[str, Any]:
    """Versions, hardware, and how it was run.

    Parameters
    ----------
    engine, jobs, device : as in `compare`
    seconds : spent so far
    """
    versions = {name: version(name) for name in ("actlab", "torch", "numpy", "scipy", "scikit-learn", "pandas")}
    return {
        **versions,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "torch_threads": 1,
        "engine": engine,
        "jobs": jobs,
        "device": _device_name(device),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds_total": seconds,
    }


def version(package: str) -> str:
    """The installed version of a package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"


def _processor() -> str:
    """The processor's name; platform.processor() is empty on many Linux systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.processor() or platform.machine()])[0]


def _device_name(device: str) -> str:
    if device == "cpu":
        return device
    import torch

    return f"{device} ({torch.cuda.get_device_name()})"
