"""The rows of one activation, measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import llvmlite.binding as llvm

from actlab.activation import Activation, Elementwise, Random
from actlab.errors import ParameterError, UnsupportedType
from actlab.verification import float64
from actlab.verification.exact import Exact
from actlab.verification.finding import Finding
from actlab.verification.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, Format
from actlab.verification.points import LAYERS, points
from actlab.verification.runs import Run
from actlab.verification.table import QUANTITIES, Row, rounded_up

# Parameters are tried at these multiples of their defaults, too, all of them at once.
_MULTIPLES = (1.7, 0.3, -0.7)


def elementwise(item: Activation) -> Elementwise:
    """The activation as a function of each element: one with draws is what it is outside training.

    Raises
    ------
    UnsupportedType
        If it looks along an axis.
    """
    one = item.mean if isinstance(item, Random) else item
    if not isinstance(one, Elementwise):
        raise UnsupportedType(f"verification: an activation must work element by element; got {item.name}")
    return one


def others(item: Activation) -> Iterator[Elementwise]:
    """The same activation at other parameter values, where there are any."""
    for multiple in _MULTIPLES if item.parameters else ():
        values = {name: float(f"{p.default * multiple:.3g}") for name, p in item.parameters.items()}
        try:
            yield elementwise(item.bind(**values))
        except ParameterError:  # outside their domain
            continue


def of_16_bits(item: Elementwise) -> Iterator[Row]:
    """Rows of float16 and bfloat16, of all 65,536 inputs."""
    exact = Exact(item)
    for form in (FLOAT16, BFLOAT16):
        yield from _rows(exact, form, Run(exact, form).everywhere(), "all inputs")


def of_every_float32(item: Elementwise, jobs: int, progress: Callable[[float], None]) -> Iterator[Row]:
    """Rows of float32's value and derivative, of all 2^32 inputs: minutes."""
    exact = Exact(item)
    return _rows(exact, FLOAT32, Run(exact, FLOAT32).everywhere(jobs, progress), "all inputs")


def of_float32(item: Elementwise, layers: int = LAYERS) -> Iterator[Row]:
    """Rows of float32, of a sample."""
    exact = Exact(item)
    x = points(exact, FLOAT32, layers)
    return _rows(exact, FLOAT32, [*Run(exact, FLOAT32).over(x), *Run(exact, FLOAT32, (2,)).over(x)], "sample")


def of_float64(item: Elementwise, layers: int = LAYERS) -> Iterator[Row]:
    """Rows of float64, of a sample."""
    exact = Exact(item)
    return _rows(exact, FLOAT64, float64.over(exact, points(exact, FLOAT64, layers)), "sample")


def _rows(exact: Exact, form: Format, findings: list[Finding], method: str) -> Iterator[Row]:
    today, cpu = datetime.now(tz=UTC).date().isoformat(), llvm.get_host_cpu_name()
    for what, found in zip(QUANTITIES, findings, strict=False):
        promised = (form, what) != (FLOAT64, QUANTITIES[2])
        left_out = f", {found.left_out} of them undecided" if found.left_out else ""
        yield Row(
            exact.item.label, form.name, what, rounded_up(found.max_ulp), found.worst,
            rounded_up(found.used) if promised else None, found.used_at if promised else None,
            found.misrounded, found.inputs + found.left_out, method + left_out, today, cpu,
        )  # fmt: skip
