"""The identity and its kinked relatives: straight lines that bend at 0."""

from actlab import vocabulary as v
from actlab.activation import Random
from actlab.parameters import Param, Uniform
from actlab.registry import activation


@activation(
    source="no single paper; the unit of ADALINE: Widrow, Hoff 1960, IRE WESCON Convention Record 4:96-104",
    aliases=("linear",),
    advantages=(
        "output for regression: every real number can be predicted",
        "gradient 1 everywhere: it neither weakens nor strengthens the signal",
    ),
    disadvantages=(
        "adds nothing with depth: a stack of linear layers is one linear layer",
        "cannot solve XOR, however many layers are stacked",
    ),
    notes=("the collapse in matrices: W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2)",),
)
def identity(x):
    """The input itself."""
    return x


@activation(
    source="Fukushima 1969, doi:10.1109/TSSC.1969.300225; Nair, Hinton 2010, ICML (deep networks)",
    aliases=("rectifier", "ramp"),
    advantages=(
        "gradient exactly 1 for positive inputs: no saturation there",
        "cheap: one comparison, no exponential",
        "sparse: half of all outputs are exactly 0 if the inputs are spread symmetrically about 0",
        "homogeneous: relu(c*x) = c*relu(x) for c > 0",
    ),
    disadvantages=(
        "saturates hard on the left: gradient exactly 0 for negative inputs",
        "units can die: one that is negative for all data gets no gradient any more",
        "not zero-centred: mean output 0.40 for standard normal inputs",
    ),
    notes=(
        "the gradient is 0 or 1, never max(1, x); at 0 it is 0, as in PyTorch, JAX and TensorFlow",
        "one negative input does not kill a unit: it is dead when every input of the data leaves it negative",
        "ReLU is where dead units come from, not their cure; sigmoid and tanh units saturate but do not die",
    ),
)
def relu(x):
    """The positive part of the input."""
    return v.where(x > 0, x, 0)


@activation(
    source="Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10; low precision: Sandler 2018, "
    "arXiv:1801.04381 (MobileNetV2)",
    advantages=(
        "output in [0, 6], a range known beforehand: 8-bit codes are 6/255 = 0.0235 apart",
        "keeps resolution in float16: its outputs are at most 2^-8 apart, those of ReLU up to 32",
        "piecewise linear: two comparisons, no exponential",
    ),
    disadvantages=(
        "saturates hard on both sides: gradient exactly 0 for negative inputs and above 6",
        "units can die on either side",
        "not zero-centred: mean output 0.40 for standard normal inputs",
    ),
    notes=("the gradient at the kinks, 0 and 6, is 0, as in PyTorch, JAX and TensorFlow",),
)
def relu6(x):
    """The positive part of the input, at most 6."""
    return v.clip(x, 0, 6)


@activation(
    source="Maas 2013, Rectifier nonlinearities improve neural network acoustic models, ICML workshop",
    aliases=("lrelu", "leaky", "leakyrelu"),
    advantages=(
        "gradient nowhere 0 as long as the slope is not 0: units do not die",
        "cheap: a comparison and a product, no exponential",
        "homogeneous: leaky_relu(c*x) = c*leaky_relu(x) for c > 0",
    ),
    disadvantages=(
        "negative inputs pass on a hundredth of the gradient at the default slope",
        "hardly more zero-centred than ReLU: mean output 0.395 for standard normal inputs",
        "no output is exactly 0 but that of 0: not sparse",
    ),
    notes=(
        "unbounded on both sides; it is not 'positive or a constant below 1'",
        "the gradient is 1 or the slope, one number per element, never max(1, x)*(slope, 1)",
        "max(x, a*x) is the same function only for a <= 1",
        "default slopes differ: PyTorch, JAX and ONNX 0.01, TensorFlow 0.2, Keras's layer 0.3",
        "the gradient at 0 is the slope, as in PyTorch and TensorFlow; JAX takes 1",
    ),
)
def leaky_relu(x, negative_slope=Param(0.01)):
    """The input; below zero times a small slope."""
    return v.where(x > 0, x, negative_slope * x)


@activation(
    source="He 2015, arXiv:1502.01852",
    aliases=("parametric_relu",),
    advantages=(
        "the slope for negative inputs is learned with the other weights",
        "contains ReLU (weight 0), leaky ReLU (0.01), the identity (1) and abs (-1)",
        "cheap: a comparison and a product, no exponential",
    ),
    disadvantages=(
        "more parameters: one per layer or one per channel",
        "can learn its way to weight 0, which is ReLU with its dead units",
    ),
    notes=(
        "the gradient with respect to the weight is x for negative inputs and 0 for positive ones",
        "keep weight decay off the slope, as its paper does: decay pulls it to 0, towards ReLU",
        "max(x, weight*x) is the same function only for weight <= 1",
        "first weights differ: PyTorch and the paper 0.25, Flax 0.01, Keras 0 (ReLU at the start)",
    ),
)
def prelu(x, weight=Param(0.25, learnable=True)):
    """The input; below zero times a learned slope."""
    return v.where(x > 0, x, weight * x)


@activation(
    Random,
    source="Xu 2015, arXiv:1505.00853",
    aliases=("randomized_relu", "random_relu"),
    require="lower <= upper",
    advantages=(
        "noise in the slopes during training, meant against overfitting on small data",
        "gradient nowhere 0 with the default slopes: units do not die",
        "a fixed function outside training: the mean slope, 11/48 = 0.229",
    ),
    disadvantages=(
        "training needs one random number per element, to be kept for the backward pass",
        "results repeat only if the generator is seeded",
    ),
    notes=(
        "the slope is drawn from U(1/8, 1/3), as in PyTorch",
        "its paper divides by a draw from U(3, 8), and by 5.5 outside training: a slope of 0.182, not 0.229",
        "value and gradient agree for the same draw only: call value_and_grad, or keep draw(x) as slope=",
    ),
)
def rrelu(x, slope=Uniform("lower", "upper"), lower=Param(1 / 8), upper=Param(1 / 3)):
    """The input; below zero times a slope drawn at random in training."""
    return v.where(x > 0, x, slope * x)


@activation(
    source="Jarrett 2009, doi:10.1109/ICCV.2009.5459469 (absolute value rectification)",
    aliases=("absolute",),
    advantages=(
        "gradient 1 or -1 everywhere but at 0: no saturation",
        "even: keeps the size of a feature and drops its sign, such as the polarity of an edge",
    ),
    disadvantages=(
        "not monotonic: x and -x give the same output",
        "not zero-centred: mean output 0.80 for standard normal inputs",
    ),
    notes=(
        "the gradient at 0 is 0, as in PyTorch and TensorFlow; JAX takes 1",
        "two pieces of maxout, x and -x, give it exactly",
    ),
)
def abs(x):  # noqa: A001 - the entry is named as its users call it; formulas say v.abs
    """The size of the input, without its sign."""
    return v.abs(x)
