"""The optimiser of a stack against PyTorch's, by machine code and by tensor operations."""

from __future__ import annotations

import pytest
import torch

from actlab.experiment.adam import StackedAdam

RATES = [1e-3, 1e-2, 0.1]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_network_moves_as_by_pytorchs_adam(dtype: torch.dtype) -> None:
    draws = torch.Generator().manual_seed(1)
    start = torch.randn(3, 5, 4, dtype=dtype, generator=draws)
    own, theirs = start.clone(), [part.clone().requires_grad_() for part in start]
    stacked = StackedAdam([own], torch.tensor(RATES))
    optimisers = [torch.optim.Adam([p], lr=rate) for p, rate in zip(theirs, RATES, strict=True)]
    assert stacked.fast == (dtype is torch.float32)
    for _ in range(20):
        # As autograd may hand it over: not contiguous.
        gradient = torch.randn(3, 4, 5, dtype=dtype, generator=draws).transpose(1, 2)
        stacked.step([gradient], 0.5)
        for parameter, optimiser, part, rate in zip(theirs, optimisers, gradient, RATES, strict=True):
            parameter.grad = part
            optimiser.param_groups[0]["lr"] = rate * 0.5
            optimiser.step()
    expected = torch.stack([parameter.detach() for parameter in theirs])
    assert (own - start).abs().max() > 0.1
    assert torch.allclose(own, expected, rtol=1e-5, atol=1e-6)


def test_a_gradient_that_is_not_finite_stays_with_its_network() -> None:
    own = torch.zeros(2, 4)
    StackedAdam([own], torch.tensor([1e-2, 1e-2])).step([torch.tensor([[1.0] * 4, [float("inf")] * 4])], 1.0)
    assert torch.allclose(own[0], torch.tensor(-1e-2))
    assert own[1].isnan().all()
