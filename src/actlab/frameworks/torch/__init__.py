"""Activations on PyTorch tensors. The public face is `actlab.torch`."""

from actlab.frameworks.torch.calls import along_axis as along_axis
from actlab.frameworks.torch.calls import along_axis_vjp as along_axis_vjp
from actlab.frameworks.torch.calls import direct as direct
from actlab.frameworks.torch.calls import draw as draw
from actlab.frameworks.torch.calls import elementwise as elementwise
from actlab.frameworks.torch.calls import elementwise_pair as elementwise_pair
