"""The loops of a formula along an axis, for groups that lie one after the other and for groups side by side."""

from __future__ import annotations

from collections.abc import Collection

from actlab import expression as e
from actlab.emit.stages import CHUNK, INPUTS, STRANDS, Stages, indented
from actlab.expression import Expression

_CACHE_LINE = 64  # bytes


class Rows(Stages):
    """Groups one after the other."""

    def _begin(self) -> None:
        self._body += ["_group = _unit * _width", f"_groups = {_smaller('_width', '_outer - _group')}"]

    def _sum(self, of: int, value: Expression, store: list[str]) -> None:
        whole = self._blocks(f"0, _length - {STRANDS - 1}", "_b", value, [*store, "_strands[_i] += _v"])
        # By itself: with the condition in all blocks, the CPU would not fetch memory in time.
        use = [*store, "_strands[_i] += _v if _c + _i >= _b else 0.0"]
        rest = self._blocks(f"_length // {STRANDS} * {STRANDS}, _length", f"_length - {STRANDS}", value, use)
        self._each_row(value, [*_strands("0.0"), *whole, *rest, f"_of[{of}, _m] = _a.fold_strands(_strands)"])

    def _max(self, of: int, value: Expression) -> None:
        if value.value in INPUTS:
            self._each_row(value, [f"_of[{of}, _m] = _a.row_max(_{value.value}, _row, _length)"])
        else:
            place = _smaller("_b", f"_length - {STRANDS}")
            blocks = self._blocks("0, _length", place, value, ["_strands[_i] = _a.larger(_strands[_i], _v)"])
            self._each_row(
                value, [*_strands("-_math.inf"), *blocks, f"_of[{of}, _m] = _a.row_max(_strands, 0, {STRANDS})"]
            )

    def _result(self, value: Expression) -> None:
        numbers = [*self._computed(value), "_out[_u(_p + _i)] = _v"]
        place = "_c, _p, _q = 0, _row, _m * _length"
        self._each_row(value, [place, "for _i in range(_length):", *indented(numbers)])

    def _blocks(self, numbers: str, place: str, value: Expression, use: list[str]) -> list[str]:
        """A loop over blocks of STRANDS numbers. The last may overlap the one before it; what is new begins at _b."""
        return [
            f"for _b in range({numbers}, {STRANDS}):",
            f"    _c = {place}",
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
        used = _smaller("_length", str(STRANDS))
        self._buffers["_strands"] = f"{used} * _width"
        self._body += _clear(f"{used} * _groups", "0.0")
        rest = f"{STRANDS} <= _row >= _length // {STRANDS} * {STRANDS}"
        strand = f"_strand = (_row - _length + {STRANDS} if {rest} else _row % {STRANDS}) * _groups"
        self._each_number(value, [*store, "_strands[_u(_strand + _i)] += _v"], strand)
        self._body.append(f"_a.column_sums(_of[{of}], _strands, _groups, _length)")

    def _max(self, of: int, value: Expression) -> None:
        self._buffers["_strands"] = f"{_smaller('_length', str(STRANDS))} * _width"
        self._body += _clear("_rows * _groups", "-_math.inf")
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
        line = _CACHE_LINE // (4 if self._dtype == "float32" else 8)
        self._body += [
            "for _row in range(0, _length, _rows):",
            "    _p, _q = _start + _row * _stride, _row * _groups",
            *indented(place),
            # The CPU foresees the next row only if it follows this one.
            f"    for _i in range(0, _groups if _groups < _inner else 0, {line}):",
            *(f"        _a.prefetch({name}, _p + 2 * _stride + _i)" for name in (*read, *fetched)),
            f"    for _i in range({_smaller('_rows', '_length - _row')} * _groups):",
            *indented(indented(numbers)),
        ]

    def _load(self, name: str) -> list[str]:
        if name == "_j":
            if "_rows_at" not in self._buffers:
                self._buffers["_rows_at"] = str(CHUNK)
                self._body += _every_place("_rows_at[{}] = _t")
            return ["_j = _row + _rows_at[_i]"]
        if name in self._full:
            return [f"{name} = _np.float64(_{name}_in[_u(_p + _i)])"]
        if name not in self._of:
            return super()._load(name)
        row = self._of[name]
        if name not in self._spread:
            self._spread.add(name)
            self._buffers["_at"] = f"({max(self._of[name] for name in self._spread) + 1}, {CHUNK})"
            self._body += _every_place(f"_at[{row}, {{}}] = _of[{row}, _m]")
        return [f"{name} = _at[{row}, _i]"]


def _strands(value: str) -> list[str]:
    return ["_strands = _a.strands()", *_clear(str(STRANDS), value)]


def _clear(count: str, value: str) -> list[str]:
    """Begin sums or maxima."""
    return [f"for _i in range({count}):", f"    _strands[_i] = {value}"]


def _smaller(a: str, b: str) -> str:
    return f"_a.smaller({a}, {b})"


def _every_place(store: str) -> list[str]:
    """Write what belongs to a group, or to a row, beside each number of a chunk."""
    return [
        "for _t in range(_rows):",
        "    for _m in range(_groups):",
        f"        {store.format('_u(_t * _groups + _m)')}",
    ]
