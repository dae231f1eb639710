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
    """Writes the stages, for numbers that lie as a subclass says. Abstract; see Rows and Columns."""

    def __init__(self, dtype: str, per_group: Collection[str], *, keep: bool) -> None:
        self._body: list[str] = []
        self._buffers: dict[str, str] = {}
        self._inverts, self._keeps = dtype == "float32", keep
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
        shapes = {"_of": f"({len(self._of)}, _width)", **self._buffers}
        buffers = [f"{name} = _np.empty({shape})" for name, shape in shapes.items()]
        return [*buffers, "for _unit in range(_first, _last):", *indented(self._body), "_a.vectorise()"]

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
                self._each_group([*loads, *body, f"_of[{self._row_of(result.value)}, _m] = {text}"])

    def _settle(self, node: Node) -> Expression:
        """The expression in terms of what has been computed."""

        def change(node: Node) -> Node:
            if self._inverts and node.op == "div" and not self._is_of_group(node) and self._is_of_group(node.args[1]):
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


class Rows(Stages):
    """Groups one after the other."""

    def _begin(self) -> None:
        self._body += ["_group = _unit * _width", "_groups = min(_width, _outer - _group)"]

    def _sum(self, of: int, value: Expression, store: list[str]) -> None:
        whole = self._blocks(f"0, _length - {STRANDS - 1}", value, [*store, "_strands[_i] += _v"])
        # By itself: with the condition in all blocks, the CPU would not fetch memory in time.
        use = [*store, "_strands[_i] += _v if _c + _i >= _b else 0.0"]
        rest = self._blocks(f"_length // {STRANDS} * {STRANDS}, _length", value, use)
        self._each_row(value, [*_strands("0.0"), *whole, *rest, f"_of[{of}, _m] = _a.fold_strands(_strands)"])

    def _max(self, of: int, value: Expression) -> None:
        if value.value in INPUTS:
            self._each_row(value, [f"_of[{of}, _m] = _a.row_max(_{value.value}, _row, _length)"])
        else:
            blocks = self._blocks("0, _length", value, ["_strands[_i] = _a.larger(_strands[_i], _v)"])
            self._each_row(
                value, [*_strands("-_math.inf"), *blocks, f"_of[{of}, _m] = _a.row_max(_strands, 0, {STRANDS})"]
            )

    def _result(self, value: Expression) -> None:
        numbers = [*self._computed(value), "_out[_u(_p + _i)] = _v"]
        place = "_c, _p, _q = 0, _row, _m * _length"
        self._each_row(value, [place, "for _i in range(_length):", *indented(numbers)])

    def _blocks(self, numbers: str, value: Expression, use: list[str]) -> list[str]:
        """A loop over blocks of STRANDS numbers. The last may overlap the one before it; what is new begins at _b."""
        return [
            f"for _b in range({numbers}, {STRANDS}):",
            f"    _c = min(_b, _length - {STRANDS})",
            "    _p, _q = _row + _c, _m * _length + _c",
            f"    for _i in range({STRANDS}):",
            *indented(indented([*self._computed(value), *use])),
        ]

    def _each_row(self, value: Expression, body: list[str]) -> None:
        loads = [f"{name} = _of[{self._of[name]}, _m]" for name in sorted(e.symbols(value) & self._of.keys())]
        self._each_group(["_row = (_group + _m) * _length", *loads, *body])

    def _load(self, name: str) -> list[str]:
        if name == "_j":
            return ["_j = _np.float64(_c + _i)"]
        return [] if name in self._of else super()._load(name)


class Columns(Stages):
    """Groups side by side. If a block is the whole width of a narrow array, some of its rows make one long row."""

    def _begin(self) -> None:
        self._spread: set[str] = set()
        self._body += [
            "_start, _group, _groups, _rows, _stride = _a.place(_unit, _outer, _length, _inner, _width)",
            *(f"_{name}_in = _{name}" for name in self._full),
            "if _inner == 1:",
            *(f"    _a.rows_to_columns(_{name}_tile, _{name}, _group, _groups, _length)" for name in self._full),
            *(f"    _{name}_in = _a.read_only(_{name}_tile)" for name in self._full),
        ]
        for name in self._full:
            self._buffers[f"_{name}_tile"] = "_length * _width if _inner == 1 else 0, _out.dtype"

    def _sum(self, of: int, value: Expression, store: list[str]) -> None:
        self._buffers["_strands"] = f"min(_length, {STRANDS}) * _width"
        self._body.append(f"_a.clear(_strands, min(_length, {STRANDS}) * _groups, 0.0)")
        strand = "_strand = _a.first_strand(_row, _length) * _groups"
        self._each_number(value, [*store, "_strands[_u(_strand + _i)] += _v"], strand)
        self._body.append(f"_a.column_sums(_of[{of}], _strands, _groups, _length)")

    def _max(self, of: int, value: Expression) -> None:
        self._buffers["_strands"] = f"min(_length, {STRANDS}) * _width"
        self._body.append("_a.clear(_strands, _rows * _groups, -_math.inf)")
        self._each_number(value, ["_strands[_i] = _a.larger(_strands[_i], _v)"])
        self._body.append(f"_a.column_max(_of[{of}], _strands, _groups, _rows)")

    def _result(self, value: Expression) -> None:
        self._buffers["_out_tile"] = "_length * _width if _inner == 1 else 0, _out.dtype"
        self._body.append("_to = _out_tile if _inner == 1 else _out")
        self._each_number(value, ["_to[_u(_p + _i)] = _v"], fetched=["_out"])
        self._body += [
            "if _inner == 1:",
            "    _a.columns_to_rows(_out, _out_tile, _group, _groups, _length)",
        ]

    def _each_number(self, value: Expression, use: list[str], *place: str, fetched: Collection[str] = ()) -> None:
        numbers = [*self._computed(value), *use]  # first: it may have to write what it loads
        read = [f"_{name}" for name in self._full if name in e.symbols(value)]
        self._body += [
            "for _row in range(0, _length, _rows):",
            "    _p, _q = _start + _row * _stride, _row * _groups",
            *indented(place),
            *(f"    _a.fetch({name}, _p + 2 * _stride, _groups, _inner)" for name in (*read, *fetched)),
            "    for _i in range(min(_rows, _length - _row) * _groups):",
            *indented(indented(numbers)),
        ]

    def _load(self, name: str) -> list[str]:
        if name == "_j":
            if "_rows_at" not in self._buffers:
                self._buffers["_rows_at"] = str(CHUNK)
                self._body.append("_a.count_rows(_rows_at, _groups, _rows)")
            return ["_j = _row + _rows_at[_i]"]
        if name in self._full:
            return [f"{name} = _np.float64(_{name}_in[_u(_p + _i)])"]
        if name not in self._of:
            return super()._load(name)
        row = self._of[name]
        if name not in self._spread:
            self._spread.add(name)
            self._buffers["_at"] = f"({max(self._of[name] for name in self._spread) + 1}, {CHUNK})"
            self._body.append(f"_a.spread(_at[{row}], _of[{row}], _groups, _rows)")
        return [f"{name} = _at[{row}, _i]"]


def _strands(value: str) -> list[str]:
    return ["_strands = _a.strands()", f"_a.clear(_strands, {STRANDS}, {value})"]


def indented(body: Iterable[str]) -> list[str]:
    """The lines, one level deeper."""
    return [f"    {line}" for line in body]
