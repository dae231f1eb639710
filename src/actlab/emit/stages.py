"""The loops of a formula along an axis, over one unit of groups; see `actlab.emit.axis`.

A formula is cut into stages: each sum or maximum is a loop over the numbers of the groups, and the result a last one.
What depends on the group alone is computed once a group, and what a sum adds up is kept where it is needed again, so
that softmax computes each exponential once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from actlab import expression as e
from actlab.emit.numba import TABLE
from actlab.emit.python import lines
from actlab.expression import Expression, Node
from actlab.vocabulary import WORDS

#: What a formula is made of: the input, the result, and the gradient with respect to the result.
INPUTS = ("x", "y", "g")
#: Sums under way at once: four vectors of AVX-512, enough to hide how long an addition takes.
STRANDS = 32
#: Numbers that are worked on in one go: of float64, they fit the first-level cache twice.
CHUNK = 2048

# In generated code, _m counts the groups of the unit and _i numbers. What belongs to the groups is a row of _of; a row
# of _at has the same numbers wherever they are met in a chunk. _kept_all is what has been kept.
_KEPT = e.symbol("_kept")


class Stages:
    """Writes the stages, for numbers that lie as a subclass says. Abstract; see Rows and Columns in `layouts`."""

    def __init__(self, dtype: str, per_group: Collection[str], *, keep: bool) -> None:
        self._body: list[str] = []
        self._buffers: dict[str, str] = {}
        self._dtype, self._keeps = dtype, keep
        self._per_group = per_group
        self._full: list[str] = []  # inputs with one number for each of x
        self._of: dict[str, int] = {}  # symbols that are one number a group -> row of _of
        self._settled: dict[Node, Expression] = {}  # what has been computed

    def write(self, root: Expression) -> None:
        """The stages of a formula without stop and first_max, and its result."""
        names = [name for name in INPUTS if name in e.symbols(root)]
        self._full = [name for name in names if name not in self._per_group]
        self._begin()
        for name in filter(self._per_group.__contains__, names):
            self._each_group([f"_of[{self._row_of(name)}, _m] = _{name}[_u(_group + _m)]"])
        uses = Counter(arg for node in e.walk(root) for arg in node.args)
        for node in e.walk(root):
            if node.op in ("sum", "amax"):
                self._reduce(node, twice=uses[node.args[0]] > 1)
        self._hoist(root)
        result = self._settle(root)
        if self._is_of_group(result):
            self._each_group([f"_out[_u(_group + _m)] = _of[{self._of[result.value]}, _m]"])
        else:
            self._result(result)

    def loops(self) -> list[str]:
        """Lines that make the buffers and go over all units."""
        shapes = {"_of": f"({len(self._of)}, _padded)", **self._buffers}
        buffers = [f"{name} = _np.empty({shape})" for name, shape in shapes.items()]
        # Vectors of groups: those behind the last hold whatever was in memory, and nobody looks at them.
        padded = f"_padded = (_width + {STRANDS - 1}) // {STRANDS} * {STRANDS}"
        return [padded, *buffers, "for _unit in range(_first, _last):", *indented(self._body), "_a.vectorise()"]

    def _begin(self) -> None:
        raise NotImplementedError

    def _sum(self, of: int, value: Expression, store: list[str]) -> None:
        raise NotImplementedError

    def _max(self, of: int, value: Expression) -> None:
        raise NotImplementedError

    def _result(self, value: Expression) -> None:
        raise NotImplementedError

    def _reduce(self, node: Node, *, twice: bool) -> None:
        """A sum or maximum of each group, as a symbol of its own."""
        (arg,) = node.args
        self._hoist(arg)
        value, result = self._settle(arg), self._symbol()
        keep = self._keeps and twice and node.op == "sum" and value.op in WORDS and "_kept_all" not in self._buffers
        of = self._row_of(result.value)
        if node.op == "amax":
            self._max(of, value)
        else:
            self._sum(of, value, ["_kept_all[_u(_q + _i)] = _v"] * keep)
        if keep:
            self._buffers["_kept_all"] = "_length * _width"
            self._settled[value] = _KEPT
        self._settled[self._settle(node)] = result

    def _hoist(self, value: Expression) -> None:
        """Compute what depends on the group alone once a group."""
        nodes = [*e.walk(self._settle(value))]
        inner = {arg for node in nodes if not self._is_of_group(node) for arg in node.args}
        for node in map(self._settle, filter(inner.__contains__, nodes)):
            if node.args and self._is_of_group(node):
                loads = [f"{name} = _of[{self._of[name]}, _m]" for name in sorted(e.symbols(node))]
                body, (text,) = lines([node], TABLE)
                self._settled[node] = result = self._symbol()
                self._body += [
                    "for _m in range(_padded):",
                    *indented([*loads, *body, f"_of[{self._row_of(result.value)}, _m] = {text}"]),
                ]

    def _settle(self, node: Node) -> Expression:
        """The expression in terms of what has been computed."""

        def change(node: Node) -> Node:
            if (
                self._dtype == "float32"
                and node.op == "div"
                and not self._is_of_group(node)
                and self._is_of_group(node.args[1])
            ):
                # One division a group; float32 does not feel the difference.
                inverse = e.divide(e.constant(1), node.args[1])
                node = e.multiply(node.args[0], self._settled.get(inverse, inverse))
            return self._settled.get(node, node)

        return e.rewrite(node, change)  # type: ignore[no-any-return]

    def _computed(self, value: Expression) -> list[str]:
        """Lines that compute one number."""
        body, (text,) = lines([value], TABLE)
        return [*(line for name in sorted(e.symbols(value)) for line in self._load(name)), *body, f"_v = {text}"]

    def _load(self, name: str) -> list[str]:
        if name == "_kept":
            return ["_kept = _kept_all[_u(_q + _i)]"]
        return [f"{name} = _np.float64(_{name}[_u(_p + _i)])"]

    def _symbol(self) -> Expression:
        return e.symbol(f"_s{len(self._of)}")

    def _row_of(self, name: str) -> int:
        return self._of.setdefault(name, len(self._of))

    def _is_of_group(self, node: Node) -> bool:
        names = e.symbols(node)
        return bool(names) and names <= self._of.keys()

    def _each_group(self, body: list[str]) -> None:
        self._body += ["for _m in range(_groups):", *indented(body)]


def indented(body: Iterable[str]) -> list[str]:
    """The lines, one level deeper."""
    return [f"    {line}" for line in body]
