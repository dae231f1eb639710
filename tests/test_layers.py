"""Imports point downwards: what CONTRIBUTING's map says is true of every module's own imports.

Imports inside functions are left out: they are the doors that a call opens, such as the methods of an activation.
"""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "src" / "actlab"
# From the ground up; a module may import what stands on its own line or above it here.
LAYERS = (
    ("errors", "expression", "vocabulary", "interval"),
    ("emit.text", "emit.python", "emit.mpmath", "emit.ieee", "emit.sympy"),
    ("parameters", "activation", "registry"),
    ("catalogue",),
    ("symbolic",),
    ("emit.axis", "emit.layouts", "emit.numba", "emit.stages", "emit.torch"),
    ("kernels",),
    ("frameworks",),
    ("invention", "torch", "verification"),
    ("plots",),
    ("report",),
    ("experiment",),
    ("cli",),
)
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}


def part_of(module: str) -> str | None:
    """The longest name in LAYERS that the module belongs to."""
    words = module.removeprefix("actlab").strip(".").split(".")
    return next((name for n in (2, 1) if (name := ".".join(words[:n])) in LEVEL), None)


def imports(tree: ast.Module) -> set[str]:
    """Modules of actlab that are imported when this one is."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("actlab"):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("actlab.")}
    return found


def test_imports_point_downwards() -> None:
    seen = 0
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").strip(".")
        own = part_of(module)
        if own is None:  # the public face and `python -m actlab` import what they offer
            continue
        for imported in imports(ast.parse(path.read_text(encoding="utf-8"))):
            other = part_of(imported)
            assert other is None or LEVEL[other] <= LEVEL[own], f"{module} imports {imported} from above"
            seen += 1
    assert seen > 100


def test_every_part_has_its_place() -> None:
    parts = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    placed = {part.split(".")[0] for part in LEVEL}
    assert parts - placed == {"__init__", "__main__"}
