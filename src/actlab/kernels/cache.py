"""Compiled kernels, made on first use and kept on disk.

A kernel is two files named by what went into it - the formula, the sources of everything that turns a formula into
code, the processor, the versions of Numba and Python -: the generated source, for people, and the machine code. A hit
neither traces limits nor renders nor compiles anything. Whatever is wrong with the files or the folder, the kernel is
compiled anew: slower, never wrong.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from actlab.emit.numba import kernel_name
from actlab.emit.python import compile_source
from actlab.kernels.machine import MachineCode, load, lock, machine_code, target

_HOUR = 3600.0
_DAY = 24 * _HOUR
_KEPT = 30 * _DAY  # after so long without use a kernel is dropped: nearly always it belongs to an older version
_CHECKSUM = 32  # bytes of SHA-256 before what they are of
_PREFIX = "actlab_"  # of every file here; nothing else is ever deleted

_complained: set[Path] = set()
_tidied: set[Path] = set()


def folder() -> Path:
    """The cache folder: $ACTLAB_CACHE_DIR, or `actlab` in the user's cache folder.

    Returns
    -------
    Path; it need not exist yet
    """
    chosen = os.environ.get("ACTLAB_CACHE_DIR")
    if chosen:
        return Path(chosen)
    base = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    if base:
        return Path(base) / "actlab"
    try:
        home = Path.home()
    except RuntimeError:  # no HOME and no entry for this user, as in containers; others may write to this folder too
        return Path(os.environ.get("TMPDIR", "/tmp"), f"actlab-{_user()}")  # noqa: S108 - hence `_read` looks at owners
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "actlab"


def digest(text: str) -> str:
    """A short name for a text, the same in every process."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def kernel(key: str, render: Callable[[], str]) -> Callable[..., None]:
    """The compiled kernel of this key: a function that takes its arguments by position and does not check them.

    Parameters
    ----------
    key : names the formula and the variant; letters, digits and underscores
    render : source of a module that defines `kernel_<key>`, a Numba function with one signature
    """
    with lock():
        name = f"{_PREFIX}{key}_{_toolchain()}"
        path = folder() / "kernels" / f"{name}.bin"
        with contextlib.suppress(Exception):  # missing, damaged, another user's, another kernel's: made anew
            return load(_read(path))
        source = render()
        compiled = compile_source(source, str(path.with_suffix(".py")), {"__name__": name})[kernel_name(key)]
        try:
            code = machine_code(compiled)
            function = load(code)
        except Exception as error:  # noqa: BLE001 - a Numba that differs inside: its own function will do
            _complain(error)
            return compiled  # type: ignore[no-any-return]
        try:
            _keep(path, source, code)
        except OSError as error:
            _complain(error)
        return function


def _read(path: Path) -> MachineCode:
    """What `_keep` wrote, if it is whole and nobody else can have written it."""
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        content = file.read()
    if sys.platform != "win32" and (status.st_uid not in (0, _user()) or status.st_mode & 0o022):
        raise PermissionError(f"{path} can be written by another user")
    packed = content[_CHECKSUM:]
    if hashlib.sha256(packed).digest() != content[:_CHECKSUM]:
        raise ValueError(f"{path} is damaged")
    name, function, environment, code = packed.split(b"\n", 3)
    if name.decode() != path.stem:
        raise ValueError(f"{path} holds another kernel")
    if time.time() - status.st_mtime > _DAY:
        with contextlib.suppress(OSError):  # they are in use: `_tidy` goes by this
            os.utime(path)
            os.utime(path.with_suffix(".py"))
    return MachineCode(function.decode(), environment.decode(), code)


def _keep(path: Path, source: str, kernel: MachineCode) -> None:
    """Write both files of a kernel."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    packed = f"{path.stem}\n{kernel.function}\n{kernel.environment}\n".encode() + kernel.code
    _write(path.with_suffix(".py"), source.encode())
    _write(path, hashlib.sha256(packed).digest() + packed)
    _read(path)  # some file systems forget who owns a file and who may write it
    _tidy(path.parent)


def _write(path: Path, content: bytes) -> None:
    """Write the whole file or nothing: another process may look at any moment."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=_PREFIX, suffix=".tmp", delete=False) as file:
        unfinished = Path(file.name)
        try:
            file.write(content)
            file.close()
            unfinished.chmod(0o644)
            unfinished.replace(path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise


def _tidy(kernels: Path) -> None:
    """Drop what nobody has used for long and what killed processes left unfinished, once a process."""
    if kernels in _tidied:
        return
    _tidied.add(kernels)
    for file in kernels.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # another process may be as tidy
            if time.time() - file.stat().st_mtime > (_HOUR if file.suffix == ".tmp" else _KEPT):
                file.unlink()


def _complain(error: Exception) -> None:
    """One warning per process and folder: every kernel would say the same."""
    if folder() in _complained:
        return
    _complained.add(folder())
    warnings.warn(
        f"actlab cannot use its cache folder {folder()} ({error}); kernels are compiled anew in each process. "
        "Set ACTLAB_CACHE_DIR to a folder that can be written.",
        RuntimeWarning,
        stacklevel=2,
    )


def _user() -> int:
    """The user's number; 0 where there is none."""
    return 0 if sys.platform == "win32" else os.geteuid()


@lru_cache(maxsize=1)
def _toolchain() -> str:
    """What generated code and machine code depend on beside the formula."""
    package = files("actlab")
    sources = [package / f"{name}.py" for name in ("expression", "interval", "vocabulary")]
    for part in ("symbolic", "emit", "kernels"):
        sources += sorted((package / part).iterdir(), key=lambda file: file.name)
    content = b"".join(file.read_bytes() for file in sources if file.name.endswith((".py", ".pyc")))
    return digest(f"{target()} {hashlib.sha256(content).hexdigest()}")
