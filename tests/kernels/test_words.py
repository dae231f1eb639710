"""The machine-code words: exact to the recorded number of ulp, the same bits everywhere, and vector code.

`words` for float64 results, `words32` for float32 ones.

The reference is mpmath with 60 digits.
"""

from __future__ import annotations

import itertools
import math
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
import pytest
from mpmath import mp, mpf

from actlab.kernels import words, words32

Array = np.ndarray[Any, np.dtype[Any]]

TOOL = Path(__file__).resolve().parents[2] / "tools" / "fit_polynomials.py"
INF, NAN = math.inf, math.nan
SMALLEST = 2.0**-1074
SMALLEST_NORMAL = 2.0**-1022
LARGEST = sys.float_info.max
# Below FAINT a result, or the exponential it is made of, is subnormal: it may be FAINT_BOUND times SMALLEST
# off, so it fades out gradually instead of dropping to zero.
FAINT = 2.0**-1020
FAINT_BOUND = 2.0


def logistic_pdf(x: Any) -> Any:
    return mp.sech(x / 2) ** 2 / 4


def sech2(x: Any) -> Any:
    return mp.sech(x) ** 2


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def softplus(x: Any) -> Any:
    return max(x, mpf(0)) + mp.log1p(mp.exp(-mp.fabs(x)))


def tanh_softplus(x: Any) -> Any:
    return mp.tanh(softplus(x))


def tanh_softplus_slope(x: Any) -> Any:
    return sech2(softplus(x)) * sigmoid(x)


def normal_cdf(x: Any) -> Any:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def normal_pdf(x: Any) -> Any:
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


# word: reference, largest error in ulp. The bounds are what was measured on the points below and on another
# 300,000 a word against Arb, rounded up; a word may only get better.
MEASURED: dict[str, tuple[Callable[[Any], Any], float]] = {
    "exp": (mp.exp, 0.58),
    "expm1": (mp.expm1, 0.93),
    "log": (mp.log, 0.78),
    "log1p": (mp.log1p, 0.79),
    "tanh": (mp.tanh, 0.66),
    "sech2": (sech2, 0.61),
    "sigmoid": (sigmoid, 0.59),
    "logistic_pdf": (logistic_pdf, 0.61),
    "softplus": (softplus, 1.34),
    "tanh_softplus": (tanh_softplus, 0.59),
    "tanh_softplus_slope": (tanh_softplus_slope, 0.62),
    "normal_cdf": (normal_cdf, 0.83),
    "normal_pdf": (normal_pdf, 0.58),
    "erf": (mp.erf, 1.1),
    "sin": (mp.sin, 1.0),  # the C library's, which is not the same everywhere
    "cos": (mp.cos, 1.0),
    "sqrt": (mp.sqrt, 0.5),
}
ALGEBRAIC = {"log", "log1p", "sqrt", "sin", "cos"}  # they neither saturate nor overflow: test them to the end
SATURATED = 1e4
OF_ONE_NUMBER = [*MEASURED, "abs", "sign"]
VECTOR_WORDS = [name for name in OF_ONE_NUMBER if name not in {"sin", "cos"}]

# Where a word changes its formula, its reduction or its fate.
THRESHOLDS = (
    *(0.25, 0.5, 1.0, math.sqrt(0.5), math.sqrt(2.0), 2.0, 2.0**-53, 2.0**-54, 5.5),
    *(math.log(2.0) * n / 2 for n in (1, 2, 3, 5, 107, 1021, 2043)),
    *(8.3, 17.0, 20.005, 30.0, 36.7, 37.0, 37.5, 38.4, 38.6, 40.0, 41.0, 50.0, 88.7, 104.0),
    *(300.0, 354.0, 372.6, 373.0, 700.0, 708.4, 709.7, 709.78, 709.79, 710.0, 744.4, 745.1, 745.2, 746.0),
    *(1e-300, 1e-17, SMALLEST, SMALLEST_NORMAL, 2.0**52, 2.0**53, 2.0**54, 1e22),
)


@cache
def points() -> Array:
    """About 2,300 doubles: all magnitudes, both signs, every threshold with its neighbours."""
    thresholds = np.array(THRESHOLDS)
    sizes = [
        *(10.0 ** np.linspace(-323, 308, 250), 10.0 ** np.linspace(-20, 3, 300)),
        *(np.linspace(0.003, 2.5, 150), np.linspace(2.5, 760, 200)),
        *(thresholds, np.nextafter(thresholds, 0.0), np.nextafter(thresholds, INF), [LARGEST]),
    ]
    size = np.concatenate(sizes)
    beside_one = 2.0 ** -np.arange(1.0, 53.0)
    return np.concatenate([size, -size, beside_one - 1.0, 1.0 - beside_one, 1.0 + beside_one])


@cache
def loop(name: str, module: Any = words) -> Any:
    """Make the kernel of an activation that is nothing but this word, for arrays of float32 or float64."""
    word = getattr(module, name)

    def kernel(x: Array, y: Array) -> None:
        for i in range(x.shape[0]):
            y[i] = word(np.float64(x[i]))

    return numba.njit(error_model="numpy")(kernel)


def evaluate(name: str, x: Array, module: Any = words) -> Array:
    y = np.empty_like(x)
    loop(name, module)(x, y)
    return y


def error(y: float, exact: Any) -> float:
    """Distance of y from an mpf in ulp of the exact value, of subnormal numbers where it is one."""
    if mp.fabs(exact) >= mpf(LARGEST) * (1 + mpf(2) ** -54):
        return 0.0 if y == math.copysign(INF, exact) else INF
    if not math.isfinite(y):
        return INF
    exponent = max(mp.frexp(exact)[1] - 1, -1022) if exact else -1022
    return float(mp.fabs(mpf(y) - exact) / mpf(2) ** (exponent - 52))


@pytest.fixture(autouse=True)
def sixty_digits() -> Iterator[None]:
    with mp.workdps(60):
        yield


@pytest.mark.parametrize("name", MEASURED)
def test_error_stays_within_its_record(name: str) -> None:
    reference, bound = MEASURED[name]
    lowest = {"log": 0.0, "sqrt": 0.0, "log1p": -1.0}.get(name, -INF)
    x = points()
    x = x[(x > lowest) & (np.abs(x) < (INF if name in ALGEBRAIC else SATURATED))]
    worst, worst_faint = (0.0, 0.0), (0.0, 0.0)
    for a, y in zip(x.tolist(), evaluate(name, x).tolist(), strict=True):
        exact = reference(mpf(a))
        if mp.fabs(exact) < FAINT:
            worst_faint = max(worst_faint, (error(y, exact), a))
        else:
            worst = max(worst, (error(y, exact), a))
    assert worst[0] <= bound
    assert worst_faint[0] <= FAINT_BOUND


# word: what comes out for what goes in
SPECIAL: dict[str, dict[float, float]] = {
    "exp": {INF: INF, -INF: 0.0, 0.0: 1.0, 709.782712893384: 1.7976931348622732e308, 709.7827128933841: INF},
    "expm1": {INF: INF, -INF: -1.0, 0.0: 0.0, SMALLEST: SMALLEST, 1e-17: 1e-17, 709.7827128933841: INF},
    "log": {0.0: -INF, -SMALLEST: NAN, -1.0: NAN, -INF: NAN, INF: INF, 1.0: 0.0},
    "log1p": {-1.0: -INF, -2.0: NAN, -INF: NAN, INF: INF, 0.0: 0.0, -SMALLEST: -SMALLEST, 1e-17: 1e-17},
    "tanh": {INF: 1.0, -INF: -1.0, 0.0: 0.0, 1e-300: 1e-300, -SMALLEST: -SMALLEST, LARGEST: 1.0},
    "sech2": {INF: 0.0, -INF: 0.0, 0.0: 1.0, LARGEST: 0.0},
    "sigmoid": {INF: 1.0, -INF: 0.0, 0.0: 0.5, LARGEST: 1.0, -LARGEST: 0.0},
    "logistic_pdf": {INF: 0.0, -INF: 0.0, 0.0: 0.25, LARGEST: 0.0},
    "softplus": {INF: INF, -INF: 0.0, LARGEST: LARGEST, -LARGEST: 0.0},
    "tanh_softplus": {INF: 1.0, -INF: 0.0, 0.0: 0.6, LARGEST: 1.0, -LARGEST: 0.0},
    "tanh_softplus_slope": {INF: 0.0, -INF: 0.0, 0.0: 0.32, LARGEST: 0.0, -LARGEST: 0.0},
    "normal_cdf": {INF: 1.0, -INF: 0.0, 0.0: 0.5, LARGEST: 1.0, -LARGEST: 0.0},
    "normal_pdf": {INF: 0.0, -INF: 0.0, LARGEST: 0.0},
    "erf": {INF: 1.0, -INF: -1.0, 0.0: 0.0, LARGEST: 1.0},
    "sin": {INF: NAN, -INF: NAN, 0.0: 0.0},
    "cos": {INF: NAN, -INF: NAN, 0.0: 1.0},
    "sqrt": {INF: INF, -1.0: NAN, 0.0: 0.0, SMALLEST: 2.0**-537},
    "abs": {INF: INF, -INF: INF, -2.5: 2.5, 0.0: 0.0},
    "sign": {INF: 1.0, -INF: -1.0, SMALLEST: 1.0, 0.0: 0.0},
}


@pytest.mark.parametrize("name", OF_ONE_NUMBER)
def test_special_values(name: str) -> None:
    x = np.array([*SPECIAL[name], NAN])
    expected = np.array([*SPECIAL[name].values(), NAN])
    # Nine times over, so that vector registers see them as well as the rest of the loop does.
    assert np.array_equal(evaluate(name, np.repeat(x, 9)), np.repeat(expected, 9), equal_nan=True)


OWN32 = [name for name in MEASURED if getattr(words32, name) is not getattr(words, name)]
# Relative to the result. It is rounded to 2^-24 afterwards, which leaves all of this beside the point.
BOUND32 = 2.0**-45


@pytest.mark.parametrize("name", OWN32)
def test_words_for_float32_are_as_good_as_they_need_be(name: str) -> None:
    reference, _ = MEASURED[name]
    with np.errstate(over="ignore", under="ignore"):
        x = np.unique(points().astype(np.float32)).astype(np.float64)
    x = x[np.isfinite(x)]
    for a, y in zip(x.tolist(), evaluate(name, x, words32).tolist(), strict=True):
        exact = reference(mpf(a))
        if mp.fabs(exact) < 1e-60:  # no float32, even with a factor of 1e14
            assert abs(y) < 1e-59, a
        elif mp.fabs(exact) > 1e60:
            assert abs(y) > 1e59, a
        else:
            assert mp.fabs(y - exact) <= BOUND32 * mp.fabs(exact), a


@pytest.mark.parametrize("name", OWN32)
def test_words_for_float32_have_the_same_special_values(name: str) -> None:
    inside = {x: y for x, y in SPECIAL[name].items() if abs(x) < 709 or abs(x) == INF}
    x = np.array([*inside, NAN])
    with np.errstate(over="ignore", under="ignore"):
        expected = np.array([*inside.values(), NAN]).astype(np.float32)
        got = evaluate(name, np.repeat(x, 9), words32).astype(np.float32)
    assert np.array_equal(got, np.repeat(expected, 9), equal_nan=True)


@pytest.mark.parametrize("name", OF_ONE_NUMBER)
def test_minus_zero(name: str) -> None:
    (y,) = evaluate(name, np.array([-0.0]))
    odd = {"expm1", "log1p", "tanh", "erf", "sin", "sqrt"}
    assert y == SPECIAL[name].get(0.0, y)
    assert math.copysign(1.0, y) == (-1.0 if name in odd | {"log"} else 1.0)


def test_clip_keeps_nan_and_both_ends() -> None:
    x = [-INF, -2.0, -1.0, 0.5, 3.0, 4.0, INF]
    assert [words.clip(v, -1.0, 3.0) for v in x] == [-1.0, -1.0, -1.0, 0.5, 3.0, 3.0, 3.0]
    assert math.isnan(words.clip(NAN, -1.0, 3.0))


def test_power_follows_the_c_library_from_0_on() -> None:
    for x, p in itertools.product([0.5, 2.0, 3.7, 1e20], [-2.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0]):
        assert words.power(x, p) == pytest.approx(math.pow(x, p), rel=3e-16)
    assert words.power(0.0, -1.0) == INF
    assert words.power(1e200, 2.0) == INF
    assert math.isnan(words.power(-2.0, 0.5))
    assert math.isnan(words.power(-2.0, 3.0))  # a whole power is never this word, but a product


def derivatives(w: Any) -> dict[str, Callable[[Any], Any]]:
    """Derivatives that use several words, in the words of one module."""

    def mish(x: Any) -> Any:
        s = w.softplus(x)
        return x * w.sech2(s) * w.sigmoid(x) + w.tanh(s)

    return {
        "silu": lambda x: w.sigmoid(x) + x * w.logistic_pdf(x),
        "mish": mish,
        "gelu": lambda x: w.normal_cdf(x) + x * w.normal_pdf(x),
    }


class Exact:
    """The same words in mpmath."""

    softplus, sech2, sigmoid, tanh = softplus, sech2, sigmoid, mp.tanh
    logistic_pdf, normal_cdf, normal_pdf = logistic_pdf, normal_cdf, normal_pdf


@pytest.mark.parametrize(
    ("name", "root", "lowest"),
    [("silu", -1.278464542761, -700.0), ("mish", -1.192449163, -700.0), ("gelu", -0.751791524693, -37.0)],
)
def test_derivatives_made_of_words_are_good_everywhere(name: str, root: float, lowest: float) -> None:
    computed, exact = derivatives(words)[name], derivatives(Exact)[name]
    x = points()
    for a in x[(x > lowest) & (x < SATURATED)].tolist():
        reference = exact(mpf(a))
        tolerance = 2e-15 * mp.fabs(reference) + (1e-15 if abs(a - root) < 1.0 else 0.0)
        assert mp.fabs(computed(a) - reference) <= tolerance, a


@pytest.mark.parametrize("module", [words, words32], ids=["words", "words32"])
@pytest.mark.parametrize("name", OF_ONE_NUMBER)
@pytest.mark.parametrize("length", [1, 7, 67, 1000])
def test_bits_depend_neither_on_length_nor_on_place(name: str, length: int, module: Any) -> None:
    x = points()
    whole = evaluate(name, x, module)
    for offset in range(17):
        part = slice(offset, offset + length)
        assert np.array_equal(evaluate(name, x[part], module), whole[part], equal_nan=True), offset


EVALUATE_ELSEWHERE = """
import sys
import numba, numpy as np
from actlab.kernels import words, words32

x = np.frombuffer(sys.stdin.buffer.read())
for module, name in [(module, name) for module in (words, words32) for name in sys.argv[1:]]:
    word = getattr(module, name)

    @numba.njit(error_model="numpy")
    def kernel(x, y):
        for i in range(x.shape[0]):
            y[i] = word(x[i])

    y = np.empty_like(x)
    kernel(x, y)
    sys.stdout.buffer.write(y.tobytes())
"""


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="names a kind of x86 CPU")
def test_bits_are_the_same_on_a_cpu_without_vectors_of_four_or_fma(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CPU_NAME", "nehalem")
    monkeypatch.setenv("NUMBA_CPU_FEATURES", "")
    command = [sys.executable, "-c", EVALUATE_ELSEWHERE, *VECTOR_WORDS]
    done = subprocess.run(command, input=points().tobytes(), capture_output=True, check=True)
    results = np.frombuffer(done.stdout).reshape(2, len(VECTOR_WORDS), -1)
    for module, of_module in zip((words, words32), results, strict=True):
        for name, elsewhere in zip(VECTOR_WORDS, of_module, strict=True):
            assert np.array_equal(evaluate(name, points(), module), elsewhere, equal_nan=True), name


@pytest.mark.parametrize("name", VECTOR_WORDS)
def test_float32_is_computed_in_float64_and_rounded_once(name: str) -> None:
    with np.errstate(over="ignore"):
        x = points().astype(np.float32)
        expected = evaluate(name, x.astype(np.float64)).astype(np.float32)
    assert np.array_equal(evaluate(name, x), expected, equal_nan=True)


def machine_code(name: str, dtype: type, module: Any = words) -> str:
    item = numba.from_dtype(np.dtype(dtype))[::1]
    loop(name, module).compile((item, item))
    return str(loop(name, module).inspect_asm((item, item)))


# Arithmetic on packed numbers in 256 or 512 bit registers; scalar code says `ss` and `sd` for `ps` and `pd`.
PACKED = re.compile(r"\bv(fn?m|add|sub|mul|sqrt|and|cmp|blend)\w*p[sd]\s.*%[yz]mm")


@pytest.mark.skipif(not llvm.get_host_cpu_features().get("avx2"), reason="looks for instructions of AVX2 and AVX-512")
@pytest.mark.parametrize(("dtype", "module"), [(np.float64, words), (np.float32, words32)], ids=["float64", "float32"])
def test_loops_become_vector_code(dtype: type, module: Any) -> None:
    assert [name for name in VECTOR_WORDS if not PACKED.search(machine_code(name, dtype, module))] == []
    assert not PACKED.search(machine_code("sin", dtype)), "this test takes calls for vector code"


def test_constants_are_what_the_fit_gives() -> None:
    done = subprocess.run([sys.executable, TOOL, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
