"""Rectifiers with an exponential left arm, and the softplus."""

from actlab import vocabulary as v
from actlab.parameters import Param
from actlab.registry import activation

_POSITIVE = "(0, inf)"

# Klambauer 2017, to more digits than the paper: with both, standard normal inputs give outputs of mean 0 and
# variance 1. These are the digits that frameworks publish; a test solves for them anew.
_SELU_ALPHA = v.constant("1.6732632423543772848170429916717")
_SELU_SCALE = v.constant("1.0507009873554804934193349852946")


@activation(
    source="Clevert 2015, arXiv:1511.07289",
    advantages=(
        "mean output nearer to 0 than that of ReLU: 0.16 against 0.40 for standard normal inputs",
        "negative inputs keep a gradient, alpha*exp(x): units do not die",
        "levels off at -alpha: differences between strongly negative inputs hardly show in the output",
    ),
    disadvantages=(
        "needs an exponential for negative inputs",
        "saturates softly on the left: the gradient is below 0.01 from x = -4.7 on at alpha = 1",
        "kinked unless alpha = 1: the gradient jumps from alpha to 1 at 0",
    ),
    notes=(
        "not zero-centred, only nearer to it: its mean output is 0.16, not 0, for standard normal inputs",
        "typed as exp(x) - 1 it is 0.02 % off at x = -0.0001 in float32; this one uses expm1",
        "the gradient at 0 is alpha, as in PyTorch and JAX",
    ),
)
def elu(x, alpha=Param(1.0, domain=_POSITIVE)):
    """The input; below zero an exponential that levels off at -alpha."""
    return v.where(x > 0, x, alpha * v.expm1(x))


@activation(
    source="Klambauer 2017, arXiv:1706.02515",
    advantages=(
        "self-normalising: standard normal inputs give outputs of mean 0 and variance 1",
        "drives the variance back to 1 from layer to layer, without batch normalisation",
        "negative inputs keep a gradient: units do not die",
    ),
    disadvantages=(
        "the normalisation is derived for dense layers, standardised inputs and LeCun-normal weights",
        "ordinary dropout breaks it: dropping half of the inputs doubles the variance; use alpha dropout",
        "needs an exponential for negative inputs",
        "kinked: the gradient jumps from 1.7581 to 1.0507 at 0",
    ),
    notes=(
        "its two constants are no free choice: they solve the equations for mean 0 and variance 1",
        "the gradient at 0 is 1.7581, as in PyTorch and JAX; TensorFlow takes 1.0507",
        "levels off at -1.7581",
    ),
)
def selu(x):
    """An ELU scaled so that mean 0 and variance 1 are kept."""
    return _SELU_SCALE * v.where(x > 0, x, _SELU_ALPHA * v.expm1(x))


@activation(
    source="Barron 2017, arXiv:1704.07483",
    # By rule the derivative is alpha*exp(x/alpha)/alpha, which rounds twice more.
    stable_grad=lambda x, alpha: v.where(x > 0, 1, v.exp(x / alpha)),
    advantages=(
        "no kink for any alpha: the gradient is 1 on both sides of 0",
        "mean output nearer to 0 than that of ReLU: 0.16 against 0.40 for standard normal inputs",
        "gradient never above 1",
        "scales with alpha: celu(c*x) at c*alpha is c times celu(x) at alpha",
    ),
    disadvantages=(
        "needs an exponential for negative inputs",
        "saturates softly on the left: the gradient is below 0.01 from x = -4.7*alpha on",
    ),
    notes=("equal to ELU for alpha = 1 only; ELU has a kink for any other alpha, CELU has none",),
)
def celu(x, alpha=Param(1.0, domain=_POSITIVE)):
    """The input; below zero alpha*(exp(x/alpha) - 1), without a kink."""
    return v.where(x > 0, x, alpha * v.expm1(x / alpha))


@activation(
    source="Dugas 2001, Incorporating second-order functional knowledge for better option pricing, NIPS 13",
    aliases=("softrelu",),
    # By rule the derivative is sigmoid(beta*x)*beta/beta, which rounds twice more.
    stable_grad=lambda x, beta: v.sigmoid(beta * x),
    advantages=(
        "always positive: an output for variances and rates",
        "smooth and convex: its derivative is sigmoid(beta*x)",
        "comes as near to ReLU as beta demands: never more than log(2)/beta above it",
    ),
    disadvantages=(
        "not zero-centred: mean output 0.81 for standard normal inputs",
        "never exactly 0, hence not sparse: 0.69 at x = 0",
        "needs an exponential and a logarithm",
    ),
    notes=(
        "typed as log(1 + exp(x)) it overflows for x > 709.8 and is 0 from x = -37 down; this one is exact",
        "PyTorch changes to x itself where beta*x > 20; there is no such jump here",
    ),
)
def softplus(x, beta=Param(1.0, domain=_POSITIVE)):
    """log(1 + exp(beta*x))/beta: ReLU with its corner rounded."""
    return v.softplus(beta * x) / beta
