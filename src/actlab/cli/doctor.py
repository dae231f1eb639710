"""`actlab doctor`: what this installation consists of, and how to install the rest."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import click

from actlab.cli._output import as_json, filled, print_json

_FOR_DEVELOPERS: Final = ("dev",)
# A line of the package's metadata such as `torch>=2.6; extra == "compare"`.
_REQUIREMENT: Final = re.compile(r"""([\w.-]+)[^;]*(?:;.*extra == ['"](\w+)['"])?""")


@click.command("doctor")
@as_json
def command(*, as_json: bool) -> None:
    """Report versions, processor, cache and extras.

    \b
    Examples:
      actlab doctor
      actlab doctor --json      for a bug report
    """  # noqa: D301  (\b keeps click from filling the lines)
    findings = examine()
    if as_json:
        print_json(findings)
    else:
        show(findings)


def examine() -> dict[str, Any]:
    """Collect everything; nothing is imported that is not needed by the core."""
    core, extras = requirements()
    return {
        "actlab": version("actlab"),
        "python": platform.python_version(),
        "interpreter": sys.executable,
        "platform": platform.platform(),
        "processor": processor(),
        "cache": cache(),
        "packages": {name: version(name) for name in core},
        "extras": {extra: {name: version(name) for name in names} for extra, names in extras.items()},
        "install_missing": install_command(extras),
    }


def requirements() -> tuple[list[str], dict[str, list[str]]]:
    """Read core packages and extras from the installed package's metadata, their only list."""
    core: list[str] = []
    extras: dict[str, list[str]] = {}
    for line in metadata.requires("actlab") or []:
        match = _REQUIREMENT.match(line)
        if match is None:
            continue
        name, extra = match.groups()
        (core if extra is None else extras.setdefault(extra, [])).append(name)
    return core, extras


def version(name: str) -> str | None:
    """Give the installed version of a package, None where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def install_command(extras: dict[str, list[str]]) -> str | None:
    """Write the command that installs every extra that is incomplete; None if all are there."""
    missing = [
        extra
        for extra, names in extras.items()
        if extra not in _FOR_DEVELOPERS and any(version(name) is None for name in names)
    ]
    return f"pip install 'actlab[{','.join(missing)}]'" if missing else None


def processor() -> dict[str, Any]:
    """Describe the processor: model, cores this process may use, what kernels are compiled for."""
    from llvmlite import binding

    features: dict[str, bool] = binding.get_host_cpu_features()
    return {
        "model": _model_name(),
        "architecture": platform.machine(),
        "compiled_for": binding.get_host_cpu_name(),
        "cores": os.cpu_count(),
        "usable_cores": _usable_cores(),
        "features": sorted(name for name, present in features.items() if present),
    }


def _model_name() -> str:
    """The name people know the processor by; only Linux tells it in a file."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _usable_cores() -> int | None:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def cache() -> dict[str, Any]:
    """Find the folder of compiled kernels and what it holds."""
    from actlab.kernels.cache import folder

    path = Path(folder())
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else []
    return {"folder": str(path), "files": len(files), "bytes": sum(file.stat().st_size for file in files)}


def show(findings: dict[str, Any]) -> None:
    """Print the findings as short sections."""
    cpu, kept = findings["processor"], findings["cache"]
    click.echo(f"actlab {findings['actlab']}, Python {findings['python']}, {findings['platform']}")
    click.echo(f"  {findings['interpreter']}")
    click.echo(f"\nprocessor  {cpu['model']}")
    click.echo(f"  {cpu['usable_cores']} of {cpu['cores']} cores, {cpu['architecture']}, as {cpu['compiled_for']}")
    click.echo(_listed(cpu["features"]))
    click.echo(f"\ncache      {kept['folder']}")
    click.echo(f"  {kept['files']} files, {kept['bytes'] / 1e6:.1f} MB of compiled kernels; safe to delete")
    click.echo("\npackages")
    click.echo(_listed(_versions(findings["packages"])))
    click.echo("\nextras")
    for extra, packages in findings["extras"].items():
        state = "missing" if None in packages.values() else "installed"
        click.echo(_listed(_versions(packages), f"  {extra:<11}{state:<10} "))
    if findings["install_missing"]:
        click.echo(f"\ninstall the rest: {findings['install_missing']}")


def _versions(packages: dict[str, str | None]) -> list[str]:
    return [f"{name} {found or '(missing)'}" for name, found in packages.items()]


def _listed(words: Iterable[str], first: str = "  ") -> str:
    """Fill lines with a list; a name stays beside its version."""
    return filled(", ".join(word.replace(" ", "\0") for word in words), first).replace("\0", " ")
