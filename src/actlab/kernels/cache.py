"""Compiled kernels, made on first use and kept on disk.

A kernel is a generated Python file named by what went into it: the formula, the sources of everything that turns a
formula into code, and Numba's version. Numba keeps the machine code beside the file and checks the CPU. A hit neither
traces limits nor renders anything. If the folder cannot be used the kernel is compiled in memory: slower, never wrong.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from actlab.emit.numba import kernel_name
from actlab.emit.python import compile_source

_lock = threading.RLock()  # Numba compiles one function at a time anyway
_complained: set[Path] = set()


def folder() -> Path:
    """The cache folder: $ACTLAB_CACHE_DIR, or `actlab` in the user's cache folder.

    Returns
    -------
    Path; it need not exist yet
    """
    chosen = os.environ.get("ACTLAB_CACHE_DIR")
    if chosen:
        return Path(chosen)
    base = os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else os.environ.get("XDG_CACHE_HOME")
    try:
        home = Path.home()
    except RuntimeError:  # no HOME and no entry for this user
        home = Path(tempfile.gettempdir())
    usual = home / "Library" / "Caches" if sys.platform == "darwin" else home / ".cache"
    return (Path(base) if base else usual) / "actlab"


def digest(text: str) -> str:
    """A short name for a text, the same in every process."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def kernel(key: str, render: Callable[[bool], str]) -> Callable[..., None]:
    """The compiled kernel of this key.

    Parameters
    ----------
    key : names the formula and the variant; letters, digits and underscores
    render : source of a module that defines `kernel_<key>`, given whether Numba may cache on disk
    """
    name = f"actlab_{key}_{_toolchain()}"
    path = folder() / "kernels" / f"{name}.py"
    problem: Exception | None = None
    with _lock:
        for attempt in ("as it is", "made anew"):
            try:
                if attempt == "made anew":
                    _delete(path)
                return getattr(_from_disk(name, path, render), kernel_name(key))  # type: ignore[no-any-return]
            except Exception as error:  # noqa: BLE001 - whatever is wrong with the cache, the call must succeed
                problem = error
        function = _in_memory(key, render(False))
        _complain(problem)
        return function


def _delete(path: Path) -> None:
    """Remove a kernel's file and its machine code, which may be damaged."""
    path.unlink(missing_ok=True)
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}*"):
        compiled.unlink(missing_ok=True)


def _from_disk(name: str, path: Path, render: Callable[[bool], str]) -> ModuleType:
    if not path.exists():
        _write(path, render(True))
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # noqa: PT018, S101 - the suffix is .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # Numba imports a cached function's module by name
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _write(path: Path, source: str) -> None:
    """Write the whole file or nothing: another process may look at any moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, suffix=".tmp", delete=False) as file:
        file.write(source)
    try:
        Path(file.name).replace(path)
    except OSError:
        Path(file.name).unlink(missing_ok=True)
        raise


def _in_memory(key: str, source: str) -> Callable[..., None]:
    name = f"actlab_memory_{key}"
    module = ModuleType(name)
    sys.modules[name] = module
    return compile_source(source, f"<{name}>", module.__dict__)[kernel_name(key)]  # type: ignore[no-any-return]


def _complain(error: Exception | None) -> None:
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


@lru_cache(maxsize=1)
def _toolchain() -> str:
    """What generated code depends on beside the formula."""
    import numba

    package = Path(__file__).parent.parent
    sources = [package / f"{name}.py" for name in ("expression", "interval", "vocabulary")]
    for part in ("symbolic", "emit", "kernels"):
        sources += sorted((package / part).glob("*.py"))
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    return digest(f"{numba.__version__}{sys.version}{text}")
