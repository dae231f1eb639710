"""The user's own network: every way in which a file can be wrong gives one line that says where."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import pytest
import torch
from torch import nn

from actlab.errors import OptionError
from actlab.experiment.contender import contender, parse
from actlab.experiment.models.start import started
from actlab.experiment.models.user import UserModel, is_user_model, user_model

GOOD = """\
from torch import nn

def build(activation, in_features, out_features):
    act = activation()
    return nn.Sequential(nn.Linear(in_features, 8 * act.pieces), act, nn.Linear(8, out_features))
"""
NARROW = GOOD.replace(" * act.pieces", "")


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A file net.py in the current folder; gives what the command line is told."""
    monkeypatch.chdir(tmp_path)

    def write(text: str, *, name: str = "net.py", function: str = "build") -> str:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
        return f"{name}:{function}"

    return write


def refusal(text: str, contenders: tuple[str, ...] = (), *, features: int = 5, outputs: int = 3) -> str:
    with pytest.raises(OptionError) as caught:
        user_model(text).check([parse(each) for each in contenders], features, outputs)
    message = str(caught.value)
    assert "\n" not in message
    return message


def body(lines: str) -> str:
    """A file whose build has these lines after the first two."""
    return f"from torch import nn\nimport torch\ndef build(activation, in_features, out_features):\n{lines}"


def test_a_good_file_trains_with_everything(write: Callable[..., str]) -> None:
    model = user_model(write(GOOD))
    assert (model.label, model.function, model.path) == ("net.py:build", "build", Path("net.py").absolute())
    entries = [parse(text) for text in ("relu", "maxout", "swiglu", "relu/tanh", "prelu")] + [contender(nn.SiLU)]
    model.check(entries, 5, 3)
    for entry in entries:
        module = model.build(entry, 5, 3)
        module(torch.randn(4, 5)).sum().backward()
        assert all(parameter.grad is not None for parameter in module.parameters())


def test_checking_leaves_the_callers_generator_alone(write: Callable[..., str]) -> None:
    model = user_model(write(GOOD))
    before = torch.random.get_rng_state()
    model.check([parse("maxout")], 5, 3)
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_start_is_the_seeds(write: Callable[..., str]) -> None:
    model = user_model(write(GOOD))
    first, again, other = (started(lambda: model.build(parse("relu"), 5, 3), "gain", seed, 5) for seed in (1, 1, 2))
    assert torch.equal(first[0].weight, again[0].weight)
    assert not torch.equal(first[0].weight, other[0].weight)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("net.py:build", True),
        ("folder/net.py", True),
        (Path("net.py"), True),
        (r"C:\net.py:build", True),
        (lambda a, i, o: None, True),
        ("mlp", False),
        ("resent", False),
        (3, False),
    ],
)
def test_what_is_taken_for_a_network_of_the_users(item: object, expected: object) -> None:
    assert is_user_model(item) == expected


def test_no_such_file(write: Callable[..., str]) -> None:
    write(GOOD)
    assert refusal("nat.py:build") == (
        "compare: model must name a file that exists; got model='nat.py:build'; did you mean 'net.py'?"
    )


@pytest.mark.parametrize("text", ["net.py", "net.py:", "net.py:1x"])
def test_no_function_named(write: Callable[..., str], text: str) -> None:
    write(GOOD)
    assert refusal(text) == f"compare: model must be written FILE.py:FUNCTION; got model={text!r}; e.g. net.py:build"


MODULE = """\
from torch import nn
class build(nn.Module):
    def __init__(self, activation, in_features, out_features):
        super().__init__()
        self.layer, self.act = nn.Linear(in_features, out_features), activation()
    def forward(self, x):
"""

# The file, and the message about it.
WRONG = {
    "syntax": (
        "import torch\ndef build(:\n",
        "net.py must be valid Python; got SyntaxError: invalid syntax (net.py, line 2)",
    ),
    "import": (
        "import torch\nimport torhc\n",
        "{must} be a file that loads; got ModuleNotFoundError: No module named 'torhc' (net.py, line 2)",
    ),
    "no function": (
        GOOD.replace("def build", "def biuld"),
        "{must} name a function of its file; got no function 'build'; did you mean 'biuld'?",
    ),
    "not a function": ("build = 3\n", "{must} name a function of its file; got no function 'build'"),
    "signature": (
        "def build(activation):\n    pass\n",
        "{must} take (activation, in_features, out_features); got too many positional arguments",
    ),
    "returns nothing": (
        body("    nn.Linear(in_features, out_features)\n"),
        "{must} return a torch.nn.Module; got NoneType",
    ),
    "raises": (
        body("    act = activation()\n    return nn.Sequential(nn.Liner(in_features, 8), act)\n"),
        "{must} build a network; got AttributeError: module 'torch.nn' has no attribute 'Liner' (net.py, line 5)",
    ),
    "no activation": (
        body("    return nn.Sequential(nn.Linear(in_features, 8), nn.ReLU(), nn.Linear(8, out_features))\n"),
        "{must} call activation() where its layers are; got no call; write activation() for nn.ReLU()",
    ),
    "unused activation": (
        body("    activation()\n    return nn.Sequential(nn.Linear(in_features, 8), nn.Linear(8, out_features))\n"),
        "{must} use the layers that activation() makes; got none of them used in a forward pass",
    ),
    "wrong outputs": (
        body("    return nn.Sequential(nn.Linear(in_features, 8), activation(), nn.Linear(8, 2))\n"),
        "{must} give 3 outputs for each row; got (4, 2) for 4 rows of 5 features",
    ),
    "several outputs": (
        MODULE + "        return self.act(self.layer(x)), x\n",
        "{must} give 3 outputs for each row; got tuple for 4 rows of 5 features",
    ),
    "wrong inputs": (
        body("    return nn.Sequential(nn.Linear(7, 8), activation(), nn.Linear(8, out_features))\n"),
        "{run}; got RuntimeError: mat1 and mat2 shapes cannot be multiplied (4x5 and 7x8)",
    ),
    "float64": (
        body(
            "    return nn.Sequential(nn.Linear(in_features, 8), activation(), nn.Linear(8, out_features)).double()\n"
        ),
        "{run}; got RuntimeError: mat1 and mat2 must have the same dtype, but got Float and Double",
    ),
    "in its forward": (
        MODULE + "        y = self.layer(x)\n        return self.act(y.reshape(7, -1))\n",
        "{run}; got RuntimeError: shape '[7, -1]' is invalid for input of size 12 (net.py, line 8)",
    ),
    "nothing to train": (
        body("    return nn.Sequential(activation(), nn.Flatten())\n"),
        "{must} return a network with parameters to train; got none",
    ),
}
MUST = "net.py:build must"


@pytest.mark.parametrize("name", WRONG)
def test_what_can_be_wrong_with_a_file(write: Callable[..., str], name: str) -> None:
    text, message = WRONG[name]
    expected = message.format(must=MUST, run=f"{MUST} run on float32 rows of 5 features")
    assert refusal(write(text)) == f"compare: {expected}"


def test_a_network_without_room_for_pieces(write: Callable[..., str]) -> None:
    text = write(NARROW)
    user_model(text).check([parse("relu"), parse("gelu/prelu")], 5, 3)
    for label, pieces in {"maxout": 2, "swiglu": 2, "maxout:pieces=4": 4}.items():
        assert refusal(text, ("relu", label)) == (
            f"compare: {label} must be given {pieces} inputs for each output, and net.py:build makes no room for them; "
            f"got RuntimeError: mat1 and mat2 shapes cannot be multiplied (4x{8 // pieces} and 8x3); make the layer "
            f"before it activation().pieces times as wide, or leave {label} out"
        )
    assert refusal(write(NARROW.replace("8", "7")), ("maxout",)) == (
        "compare: maxout must be given 2 features for each of its outputs; got 7 features; "
        "make the layer before it activation().pieces times as wide"
    )


def test_a_file_imports_from_its_own_folder_without_changing_the_path(write: Callable[..., str]) -> None:
    write("WIDTH = 8\n", name="sub/sizes_of_mine.py")
    write("from .inner import nothing\n", name="sub/parts_of_mine/__init__.py")
    write("from torch import nn\nnothing = 0\nLayer = nn.Linear\n", name="sub/parts_of_mine/inner.py")
    text = write(
        "from torch import nn\nfrom sizes_of_mine import WIDTH\n"
        "def build(activation, in_features, out_features):\n    from parts_of_mine.inner import Layer\n"
        "    return nn.Sequential(Layer(in_features, WIDTH), activation(), Layer(WIDTH, out_features))\n",
        name="sub/net.py",
    )
    before = list(sys.path)
    model = user_model(text)
    model.check([], 5, 3)
    assert sys.path == before
    assert [name for name, _ in model.files] == [
        "net.py", "parts_of_mine/__init__.py", "parts_of_mine/inner.py", "sizes_of_mine.py",
    ]  # fmt: skip


def test_the_digest_covers_what_is_imported_and_the_new_text_is_used(write: Callable[..., str]) -> None:
    text = write(GOOD.replace("import nn\n", "import nn\nfrom width_of_mine import WIDTH\n").replace("8", "WIDTH"))
    digests = set()
    for width in (8, 9):
        write(f"WIDTH = {width}\n", name="width_of_mine.py")
        model = user_model(text)
        assert model.build(parse("relu"), 5, 3)[0].out_features == width  # type: ignore[index]
        digests.add(model.digest)
    digests |= {user_model(write(GOOD)).digest, user_model(write(GOOD.replace("8", "16"))).digest}
    assert len(digests) == 4
    assert user_model(write(GOOD)).digest in digests


def test_another_machine_builds_it_without_the_file(write: Callable[..., str], tmp_path: Path) -> None:
    write("WIDTH = 8\n", name="far/far_width.py")
    text = write(
        GOOD.replace("import nn\n", "import nn\nfrom far_width import WIDTH\n").replace("8", "WIDTH"), name="far/net.py"
    )
    carried = tmp_path / "model.pickle"
    carried.write_bytes(cloudpickle.dumps(user_model(text)))
    for file in Path("far").iterdir():
        file.unlink()
    code = (
        "import pickle; from actlab.experiment.contender import parse; "
        f"model = pickle.load(open({str(carried)!r}, 'rb')); "
        "print(model.build(parse('swiglu'), 5, 3)[0].out_features, model.digest)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["16", cloudpickle.loads(carried.read_bytes()).digest]


def test_dataclasses_and_future_annotations_work(write: Callable[..., str]) -> None:
    text = write(
        "from dataclasses import dataclass\nfrom typing import ClassVar\nfrom torch import nn\n"
        "@dataclass\nclass Sizes:\n    width: int = 8\n    kind: ClassVar[int] = 1\n"
        "assert Sizes.__annotations__['width'] is int\n" + GOOD.replace("8", "Sizes().width")
    )
    user_model(text).check([], 5, 3)


def build(activation: Any, in_features: int, out_features: int) -> nn.Module:
    return nn.Sequential(nn.Linear(in_features, 8), activation(), nn.Linear(8, out_features))


def wrong(activation: Any, in_features: int, out_features: int) -> nn.Module:
    raise ValueError("not\ntoday")


def test_a_function_from_python() -> None:
    model = user_model(build)
    assert (model.label, model.path) == ("build", None)
    model.check([parse("relu/tanh")], 5, 3)
    assert user_model(model) is model
    assert user_model(wrong).digest != model.digest
    carried = cloudpickle.loads(cloudpickle.dumps(model))
    assert isinstance(carried, UserModel)
    assert carried.build(parse("silu"), 5, 3)(torch.randn(2, 5)).shape == (2, 3)


def test_errors_of_a_function_from_python_name_its_line() -> None:
    with pytest.raises(OptionError) as caught:
        user_model(wrong).check([], 5, 3)
    line = wrong.__code__.co_firstlineno + 1
    assert (
        str(caught.value)
        == f"compare: wrong must build a network; got ValueError: not today (test_user.py, line {line})"
    )


def leaving(activation: Any, in_features: int, out_features: int) -> nn.Module:
    sys.exit(3)


def test_a_network_that_ends_the_program_is_an_error() -> None:
    with pytest.raises(OptionError, match=r"compare: leaving must build a network; got SystemExit: 3 \(test_user.py"):
        user_model(leaving).check([], 5, 3)
