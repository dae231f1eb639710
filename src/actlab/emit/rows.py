"""A formula that looks along an axis (softmax and its kin) as a Numba loop over rows.

Each reduction becomes one loop over the row, the result a last one. What a sum adds up is kept in a buffer where the
result needs it again, so that softmax computes each exponential once.
"""

from __future__ import annotations

from collections import Counter

from actlab import expression as e
from actlab.emit.numba import HEADER, TABLE, array, block, kernel_name
from actlab.emit.python import lines
from actlab.expression import Expression, Node
from actlab.vocabulary import WORDS

# What a reduction starts from, and how the next value _v changes it. A NaN is larger than everything, once and for all.
_REDUCTIONS = {
    "sum": (["{0} = 0.0"], ["{0} += _v"]),
    "amax": (["{0} = -_np.inf"], ["{0} = _v if _v > {0} or _v != _v else {0}"]),
    "first_max": (
        ["{0} = 0", "{0}_top = -_np.inf"],
        ["if _v > {0}_top or (_v != _v and {0}_top == {0}_top):", "    {0} = _j", "    {0}_top = _v"],
    ),
}
_LOADS = {"x": "x = _np.float64(_x[_r, _j])", "g": "g = _np.float64(_g[_r, _j])", "_kept": "_kept = _b[_j]"}
_KEPT = e.symbol("_kept")


def along_rows(name: str, key: str, root: Expression, dtype: str, *, cached: bool) -> str:
    """Source of `kernel(x, g, y)` over 2-d C-contiguous arrays; y is 1-d if the root is one number a row.

    Parameters
    ----------
    root : expression in the symbols x and g, with the words sum, amax, first_max, stop
    dtype : "float32" or "float64", of all three arrays; sums are float64
    """
    stages, result = _stages(root)
    types = [array(dtype, 2), array(dtype, 2), array(dtype, 1 if is_per_row(root) else 2, written=True)]
    header = HEADER.format(
        title=f"{name}, {root!r}", signature=", ".join(types), cached=cached,
        name=kernel_name(key), arguments="_x, _g, _y",
    )  # fmt: skip
    last = [f"_y[_r] = {result.value}"] if is_per_row(root) else _loop(result, ["_y[_r, _j] = _v"])
    return (
        header
        + "    _b = _np.empty(_x.shape[1])\n"
        + block("for _r in range(_x.shape[0]):", [*stages, *last], indent=1)
    )


def is_per_row(root: Expression) -> bool:
    """Whether the expression is one number for the whole row."""
    return root.op in ("sum", "amax")


def _stages(root: Expression) -> tuple[list[str], Expression]:
    """The loops of the reductions, and the root in terms of their results."""
    uses = Counter(arg for node in e.walk(root) for arg in node.args)
    stages: list[str] = []
    settled: dict[Node, Expression] = {}

    def settle(node: Node) -> Expression:
        return e.rewrite(node, settled.get)  # type: ignore[no-any-return]

    for count, node in enumerate(node for node in e.walk(root) if node.op in (*_REDUCTIONS, "stop")):
        new, value = settle(node), settle(node.args[0])
        if node.op == "stop":
            settled[new] = value
            continue
        result = e.symbol(f"_s{count}")
        start, update = _REDUCTIONS[node.op]
        keep = node.op == "sum" and uses[node.args[0]] > 1 and value.op in WORDS and not {_KEPT} & {*settled.values()}
        stages += [line.format(result.value) for line in start]
        stages += _loop(value, [line.format(result.value) for line in update] + ["_b[_j] = _v"] * keep)
        if keep:
            settled[value] = _KEPT
        is_first = e.compare("==", e.symbol("_j"), result)
        settled[e.rewrite(new, settled.get)] = e.where(is_first, 1, 0) if node.op == "first_max" else result
    return stages, settle(root)


def _loop(value: Expression, use: list[str]) -> list[str]:
    """A loop over the row that computes _v and uses it."""
    loads = [text for name, text in _LOADS.items() if name in e.symbols(value)]
    body, (result,) = lines([value], TABLE)
    return [
        "for _j in range(_x.shape[1]):",
        *(f"    {line}" for line in (*loads, *body, f"_v = {result}", *use)),
    ]
