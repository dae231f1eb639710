"""Machine code as bytes: taken out of what Numba has compiled, and made callable again in a later process.

Numba has a cache of its own. Before it looks there, it loads all that a compilation could need: a quarter of a second,
and SciPy where that is installed. Loading the object code alone, by the same means, takes a few milliseconds. What is
used of Numba beneath its public interface stands in this file.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True)
class MachineCode:
    """A compiled kernel.

    Attributes
    ----------
    function : symbol of what Python calls: it takes the arrays apart and gives up the interpreter lock
    environment : symbol of a pointer that must be set before the first call
    code : an object file, as a linker takes it
    """

    function: str
    environment: str
    code: bytes


@lru_cache(maxsize=1)
def lock() -> AbstractContextManager[None]:
    """What to hold while compiling and loading: Numba's own lock, for it works on one function at a time.

    No process is forked while a thread holds it, or LLVM's: the child would inherit a lock that nobody gives back.
    """
    from llvmlite.binding import ffi
    from numba.core.compiler_lock import global_compiler_lock

    llvm = ffi.lib._lock  # noqa: SLF001
    both = (llvm.__enter__, llvm.__exit__), (global_compiler_lock.acquire, global_compiler_lock.release)
    if hasattr(os, "register_at_fork"):
        for take, give_back in both:  # what is registered last is taken first: the order in which a compilation does
            os.register_at_fork(before=take, after_in_parent=give_back, after_in_child=give_back)
    return global_compiler_lock


def target() -> str:
    """What machine code is made for and by what: processor, Numba, LLVM and how they are set, Python."""
    import llvmlite
    import numba

    settings = {name: getattr(numba.config, name, None) for name in ("OPT", "LOOP_VECTORIZE", "BOUNDSCHECK")}
    return f"{_code_generator().magic_tuple()} {numba.__version__} {llvmlite.__version__} {settings} {sys.version}"


def machine_code(compiled: Any) -> MachineCode:
    """The machine code of a Numba function that was compiled for one signature."""
    (result,) = compiled.overloads.values()
    if result.library.has_dynamic_globals:
        raise ValueError(f"{compiled}: machine code must hold no address; a global array is too large for a constant")
    names = result.fndesc
    return MachineCode(names.llvm_cpython_wrapper_name, names.env_name, result.library._get_compiled_object())  # noqa: SLF001


def load(kernel: MachineCode) -> Callable[..., None]:
    """A function of the arguments the kernel was compiled for, by position; it does not check their types."""
    from llvmlite import binding
    from numba import _dynfunc  # type: ignore[attr-defined]

    _provide_symbols()
    # An engine for each: symbols of two kernels can never be taken for one another.
    machine = binding.Target.from_default_triple().create_target_machine()
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
    engine.add_object_file(binding.ObjectFileRef.from_data(kernel.code))
    engine.finalize_object()
    environment = _dynfunc.Environment({})
    ctypes.c_void_p.from_address(engine.get_global_value_address(kernel.environment)).value = id(environment)
    address = engine.get_function_address(kernel.function)
    return _dynfunc.make_function(  # type: ignore[no-any-return]
        sys.modules[__name__], "kernel", "A compiled kernel.", address, environment, (engine,)
    )


@lru_cache(maxsize=1)
def _provide_symbols() -> None:
    """Tell LLVM where the functions are that machine code calls: those of Python, mathematics and Numba's arrays."""
    from llvmlite import binding
    from numba.core.runtime import _nrt_python  # type: ignore[attr-defined]

    _code_generator()
    for name, address in _nrt_python.c_helpers.items():
        binding.add_symbol(name if name.startswith("_") else f"NRT_{name}", address)


def _code_generator() -> Any:
    from numba.core.registry import cpu_target

    return cpu_target.target_context.codegen()
