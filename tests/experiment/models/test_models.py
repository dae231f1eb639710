"""The networks: shapes, training, vmap, and parameters that match those of the plain network."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap

from actlab.errors import OptionError
from actlab.experiment.contender import parse
from actlab.experiment.models import DEFAULTS, NAMES, NORMS, Design
from actlab.experiment.models.factory import matched_units, matched_width, network, parameter_count, plain_units
from actlab.experiment.models.start import started
from actlab.experiment.site import Site, recording

TEXTS = ["relu", "prelu", "rrelu", "maxout", "gate(silu)", "relu/hard_swish"]
# name: features, shape
ROWS: dict[str, tuple[int, tuple[int, ...]]] = {
    "table": (13, ()),
    "signal": (40, (40,)),
    "picture": (64, (8, 8)),
    "colours": (75, (3, 5, 5)),
}
CASES = [(model, norm) for model in NAMES for norm in NORMS[model]]
# A gated function squares the size of what arrives: seven or eight of them without a norm between overflow.
EXPLOSIVE = [(model, "none", "gate(silu)") for model in ("resnet", "mobilenet")]


def design(model: str, norm: str = "none", rows: str = "signal", outputs: int = 3) -> Design:
    features, shape = ROWS[rows]
    depth, width = DEFAULTS[model]
    return Design(model, features, shape, outputs, width, depth, norm)


def losses(output: Tensor, y: Tensor) -> Tensor:
    return nn.functional.cross_entropy(output, y)


CROSSED = [(model, norm, text) for model, norm in CASES for text in TEXTS if (model, norm, text) not in EXPLOSIVE]
TRAINED = [(model, norm, "signal", text) for model, norm, text in CROSSED] + [
    (model, NORMS[model][-1], rows, text)
    for model in NAMES
    for rows in ("table", "picture")
    for text in ("relu", "swiglu")
]


@pytest.mark.parametrize(("model", "norm", "rows", "text"), TRAINED)
def test_every_network_trains(model: str, norm: str, rows: str, text: str) -> None:
    plan = design(model, norm, rows)
    module = started(lambda: network(plan, parse(text)), "gain", 1, plan.features)
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(32, plan.features, generator=generator)
    y = (x[:, :4].sum(1) > 0).long()
    optimiser = torch.optim.Adam(module.parameters(), lr=1e-2)
    seen = []
    for _ in range(10):
        loss = losses(module(x), y)
        optimiser.zero_grad()
        loss.backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())
        optimiser.step()
        seen.append(loss.item())
    assert min(seen[5:]) < seen[0]
    assert module.eval()(x[:2]).shape == (2, plan.outputs)


@pytest.mark.parametrize("model", NAMES)
def test_pictures_with_colours_and_single_outputs(model: str) -> None:
    plan = design(model, rows="colours", outputs=1)
    assert network(plan, parse("relu"))(torch.randn(4, 75)).shape == (4, 1)


@pytest.mark.parametrize(("model", "norm", "text"), [case for case in CROSSED if case[1] != "batch"])
def test_vmap_equals_one_by_one(model: str, norm: str, text: str) -> None:
    plan = design(model, norm)
    # Draws differ, by their nature: rrelu is compared in its evaluated form. In float64 rounding hides nothing.
    modules = [started(lambda: network(plan, parse(text)), "gain", seed, 40).double() for seed in (1, 2)]
    for module in modules:
        module.train(text != "rrelu")
    state, _ = stack_module_state(modules)
    x = torch.randn(2, 16, 40, generator=torch.Generator().manual_seed(1)).double()
    y = torch.arange(32).view(2, 16) % 3

    def loss(state: dict[str, Tensor], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        output = functional_call(modules[0], state, (x,))
        return losses(output, y), output

    gradients, outputs = vmap(grad(loss, has_aux=True), randomness="different")(state, x, y)
    for number, module in enumerate(modules):
        output = module(x[number])
        assert torch.allclose(outputs[number], output, atol=1e-10, rtol=1e-8)
        alone = torch.autograd.grad(losses(output, y[number]), list(module.parameters()))
        for (name, _), gradient in zip(module.named_parameters(), alone, strict=True):
            assert torch.allclose(gradients[name][number], gradient, atol=1e-10, rtol=1e-8), name


@pytest.mark.parametrize("text", ["prelu", "maxout", "swiglu", "maxout:pieces=3", "relu/gate(gelu)"])
@pytest.mark.parametrize("rows", ["table", "signal", "picture"])
@pytest.mark.parametrize(("model", "norm"), [case for case in CASES if case[1] != "batch"])
def test_parameters_match_within_1_percent(model: str, norm: str, rows: str, text: str) -> None:
    plan = design(model, norm, rows, outputs=10)
    units = matched_units(plan, parse(text))
    plain = parameter_count(plan, parse("relu"), plain_units(plan))
    module = network(plan, parse(text))
    assert sum(parameter.numel() for parameter in module.parameters()) == parameter_count(plan, parse(text), units)
    # With three pieces a whole unit of a small network is more than 2% of its parameters.
    tolerance = 0.015 if "pieces=3" in text else 0.01
    assert parameter_count(plan, parse(text), units) == pytest.approx(plain, rel=tolerance)
    assert max(units) - min(units) <= 1
    assert matched_width(plan, parse(text)) == max(units)


def test_functions_with_one_piece_keep_the_plain_network() -> None:
    for text in ("silu", "prelu", "relu/tanh"):
        assert matched_units(design("mlp"), parse(text)) == (64, 64, 64)
    assert matched_units(design("transformer"), parse("silu")) == (128, 128)
    # Two thirds of the width, as in Shazeer 2020.
    assert matched_width(design("transformer"), parse("swiglu")) == pytest.approx(128 * 2 / 3, abs=1)


@pytest.mark.parametrize(
    ("model", "places"), [("mlp", 3), ("cnn", 3), ("resnet", 7), ("mobilenet", 8), ("transformer", 2)]
)
def test_places_stand_in_the_order_of_execution(model: str, places: int) -> None:
    module = network(design(model), parse("relu/hard_swish")).eval()
    with recording() as seen:
        module(torch.randn(2, 40))
    assert [site.position for site in seen.sites] == list(range(places))
    assert [part.position for part in module.modules() if isinstance(part, Site)] == list(range(places))
    labels = [site.unit.label for site in seen.sites]
    assert labels == ["relu"] * -(-places // 2) + ["hard_swish"] * (places // 2)


@pytest.mark.parametrize("model", NAMES)
def test_the_output_layer_has_no_activation(model: str) -> None:
    module = network(design(model), parse("sigmoid"))
    last = list(module.modules())[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.bias.fill_(5.0)
    assert module.eval()(torch.randn(2, 40)).max() > 1


def test_a_transformer_has_no_batch_norm() -> None:
    with pytest.raises(OptionError) as caught:
        network(design("transformer", "batch"), parse("relu"))
    assert str(caught.value) == "compare: norm must be none or layer in a transformer; got norm='batch'"


@pytest.mark.parametrize("norm", ["batch", "layer"])
@pytest.mark.parametrize("model", NAMES)
def test_norms_are_there_only_if_asked_for(model: str, norm: str) -> None:
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)
    plain = network(design(model), parse("relu"))
    assert not any(isinstance(part, kinds) for part in plain.modules())
    if norm in NORMS[model]:
        normed = network(design(model, norm), parse("relu"))
        assert sum(isinstance(part, kinds) for part in normed.modules()) >= DEFAULTS[model].depth


@pytest.mark.parametrize("model", NAMES)
def test_size_can_be_chosen(model: str) -> None:
    features, shape = ROWS["picture"]
    small, large = (Design(model, features, shape, 3, width, depth) for width, depth in ((6, 1), (12, 4)))
    counts = [sum(p.numel() for p in network(plan, parse("relu")).parameters()) for plan in (small, large)]
    assert counts[0] * 3 < counts[1]
    for plan in (small, large):
        assert network(plan, parse("maxout"))(torch.randn(2, 64)).shape == (2, 3)


@pytest.mark.parametrize(("features", "shape"), [(1, ()), (1, (1,)), (3, (3,)), (43, (43,)), (2, (1, 2))])
@pytest.mark.parametrize("model", NAMES)
def test_tiny_and_odd_rows(model: str, features: int, shape: tuple[int, ...]) -> None:
    plan = Design(model, features, shape, 2, *reversed(DEFAULTS[model]))
    assert network(plan, parse("silu"))(torch.randn(5, features)).shape == (5, 2)


def test_a_transformer_sees_every_number_of_a_row() -> None:
    for rows, (features, _) in ROWS.items():
        x = torch.randn(1, features, requires_grad=True)
        network(design("transformer", rows=rows), parse("silu"))(x).square().sum().backward()
        assert x.grad is not None
        assert (x.grad != 0).all()


def test_networks_pickle() -> None:
    for model in NAMES:
        module = network(design(model), parse("prelu")).eval()
        x = torch.randn(2, 40)
        assert torch.equal(pickle.loads(pickle.dumps(module))(x), module(x))  # noqa: S301  our own


def test_designs_load_no_torch() -> None:
    code = (
        "import sys; import actlab.experiment.models as m; import actlab.experiment.models.user; "
        "m.Design('mlp', 4, (), 2, *m.DEFAULTS['mlp']); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
