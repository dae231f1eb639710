"""Self-gated functions: the input times something between 0 and 1 that depends on the input."""

from actlab import vocabulary as v
from actlab.catalogue.sigmoids import hard_sigmoid
from actlab.parameters import Param
from actlab.registry import activation


@activation(
    source="Elfwing 2017, arXiv:1702.03118; Hendrycks, Gimpel 2016, arXiv:1606.08415 (first named)",
    advantages=(
        "smooth, with a gradient for negative inputs: units do not die",
        "unbounded above, bounded below: never less than -0.2785",
        "stands in for ReLU without any other change: nearly 0 far on the left, nearly x far on the right",
    ),
    disadvantages=(
        "not monotonic: falls until x = -1.278",
        "needs an exponential",
        "not zero-centred: mean output 0.21 for standard normal inputs",
    ),
    notes=(
        "swish at beta = 1; many libraries call this one swish",
        "at -inf it is 0, its limit; typed as x*sigmoid(x) it is NaN there",
    ),
)
def silu(x):
    """The input, gated by its sigmoid."""
    return x * v.sigmoid(x)


@activation(
    source="Ramachandran 2017, arXiv:1710.05941",
    advantages=(
        "learns how sharply it bends: x/2 at beta = 0, towards ReLU as beta grows",
        "smooth, with a gradient for negative inputs: units do not die",
        "unbounded above, bounded below: never less than -0.2785/beta for beta > 0",
    ),
    disadvantages=(
        "not monotonic, except at beta = 0, where it is linear",
        "needs an exponential",
        "one parameter more",
    ),
    notes=(
        "what most libraries call swish is silu, with beta fixed at 1",
        "E-Swish is another function: there the factor stands outside, beta*x*sigmoid(x)",
    ),
)
def swish(x, beta=Param(1.0, learnable=True)):
    """The input, gated by the sigmoid of beta times the input."""
    return x * v.sigmoid(beta * x)


@activation(
    source="Hendrycks, Gimpel 2016, arXiv:1606.08415",
    aliases=("gelu_erf", "gelu_python"),
    advantages=(
        "smooth, with a gradient for negative inputs: units do not die",
        "unbounded above, bounded below: never less than -0.17",
        "nearer to ReLU than silu: at most 0.17 away, silu 0.28",
    ),
    disadvantages=(
        "not monotonic: falls until x = -0.752",
        "needs the error function",
        "not zero-centred: mean output 0.28 for standard normal inputs",
    ),
    notes=(
        "PyTorch, TensorFlow and keras.activations mean this one by gelu; JAX and Flax mean gelu_tanh",
        "typed as 0.5*x*(1 + erf(x/sqrt(2))) it is 0 from x = -5.6 down in float32; this one loses no digit",
        "at -inf it is 0, its limit; typed as x times the distribution function it is NaN there",
    ),
)
def gelu(x):
    """The input, gated by the normal distribution function."""
    return x * v.normal_cdf(x)


@activation(
    source="Hendrycks, Gimpel 2016, arXiv:1606.08415",
    aliases=("gelu_new", "gelu_fast", "gelu_accurate", "gelu_python_tanh", "gelu_pytorch_tanh"),
    advantages=(
        "within 0.0005 of gelu everywhere, without its error function",
        "smooth, with a gradient for negative inputs: units do not die",
    ),
    disadvantages=(
        "an approximation: weights trained with gelu belong with gelu, and the other way round",
        "not monotonic: falls until x = -0.752",
        "needs an exponential and a cubic",
    ),
    notes=(
        "written as x*sigmoid(2*u), equal to 0.5*x*(1 + tanh(u)), which loses all digits on the left",
        "typed in float16, x**3 overflows from |x| = 40.4 on",
        "Transformers has it under five names; gelu_accurate is this approximation, too",
    ),
)
def gelu_tanh(x):
    """The input, gated by a tanh fit of the normal distribution function."""
    u = v.sqrt(2 / v.pi) * (x + 0.044715 * x**3)  # 0.044715: the paper, section 2
    return x * v.sigmoid(2 * u)


@activation(
    source="Misra 2019, arXiv:1908.08681",
    advantages=(
        "smooth, with a gradient for negative inputs: units do not die",
        "unbounded above, bounded below: never less than -0.3089",
        "small negative outputs are kept",
    ),
    disadvantages=(
        "dearer than ReLU in time and memory: an exponential and a division, and ReLU needs one comparison",
        "not monotonic: falls until x = -1.192",
        "not zero-centred: mean output 0.24 for standard normal inputs",
    ),
    notes=(
        "one exponential is enough: x*n/(n + 2) with n = exp(x)*(exp(x) + 2)",
        "at -inf it is 0, its limit; typed as x*tanh(softplus(x)) it is NaN there",
        "used in YOLOv4",
    ),
)
def mish(x):
    """The input, gated by the tanh of its softplus."""
    return x * v.tanh(v.softplus(x))


@activation(
    source="Howard 2019, arXiv:1905.02244 (MobileNetV3)",
    aliases=("hardswish", "hard_silu", "h_swish"),
    # By rule the derivative is hard_sigmoid(x) + x/6, whose terms cancel around -3/2.
    stable_grad=lambda x: v.where(x >= 3, 1, v.where(x > -3, (2 * x + 3) / 6, 0)),
    advantages=(
        "no exponential: cheap in quantised networks",
        "within 0.15 of silu everywhere",
        "exactly 0 up to -3 and exactly x from 3 on",
    ),
    disadvantages=(
        "gradient exactly 0 up to -3: units can die there",
        "not monotonic: falls between -3 and -1.5, to -0.375",
        "kinked: the gradient jumps from 0 to -0.5 at -3 and from 1.5 to 1 at 3",
    ),
    notes=(
        "the gradient at the kinks is 0 at -3 and 1 at 3, as in PyTorch, JAX and TensorFlow",
        "MobileNetV3 uses it in the deeper half of the network only",
        "not mish: x*tanh(softplus(x)), at times printed under this name, is smooth and another function",
    ),
)
def hard_swish(x):
    """The input, gated by its hard sigmoid."""
    return x * hard_sigmoid(x)
