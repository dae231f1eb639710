"""Functions of several inputs at once, taken along an axis."""

from actlab import vocabulary as v
from actlab.activation import Axis
from actlab.parameters import Param
from actlab.registry import activation


@activation(
    Axis,
    source="Bridle 1990, doi:10.1007/978-3-642-76153-9_28",
    aliases=("softargmax",),
    vjp=lambda x, y, g: y * (g - v.sum(g * y)),
    advantages=(
        "positive outputs that sum to 1: probabilities of mutually exclusive classes",
        "with cross-entropy the gradient on the inputs is simply output minus target",
        "safe from overflow: the largest input is taken off all, which changes nothing",
    ),
    disadvantages=(
        "wrong where several answers are right: its outputs compete; give each label its own sigmoid",
        "saturates: the gradient vanishes when one input leads by far, and squared error then learns slowly",
        "each output depends on every input along the axis",
    ),
    notes=(
        "for two classes it is the sigmoid of their difference",
        "the top class is that of independent sigmoids as well: both keep the order of the inputs",
        "typed as exp(x)/sum(exp(x)) it overflows for x > 709.8 (float32: x > 88.8)",
        "do not put it before a loss that applies log_softmax itself, such as torch.nn.CrossEntropyLoss",
    ),
)
def softmax(x, axis=Param(-1, integer=True)):
    """Inputs along an axis as probabilities that sum to 1."""
    e = v.exp(x - v.stop(v.amax(x)))
    return e / v.sum(e)


@activation(
    Axis,
    source="Bridle 1990, doi:10.1007/978-3-642-76153-9_28; accuracy: Blanchard, Higham, Higham 2021, "
    "doi:10.1093/imanum/draa038",
    aliases=("logsoftmax",),
    vjp=lambda x, y, g: g - v.exp(y) * v.sum(g),
    advantages=(
        "no underflow: (-1000, 0) for inputs (0, 1000), where log(softmax(x)) gives -inf",
        "with the negative log-likelihood it is the cross-entropy of softmax",
    ),
    disadvantages=(
        "outputs are logarithms, never positive: take exp for probabilities",
        "needs an exponential per input and a logarithm per group",
    ),
    notes=("twice is the same as once; softmax twice is not",),
)
def log_softmax(x, axis=Param(-1, integer=True)):
    """The logarithm of softmax, without underflow."""
    u = x - v.stop(v.amax(x))
    return u - v.log(v.sum(v.exp(u)))


@activation(
    Axis,
    source="Goodfellow 2013, arXiv:1302.4389",
    vjp=lambda x, y, g: g * v.first_max(x),
    advantages=(
        "learns its own shape: the largest of several affine pieces",
        "two pieces give ReLU (x and 0), leaky ReLU (x and slope*x) and abs (x and -x) exactly",
        "the winning piece has gradient 1: no saturation",
    ),
    disadvantages=(
        "needs pieces times as many weights as one unit",
        "one unit is convex in its inputs: other shapes need the difference of two",
    ),
    notes=(
        "two pieces do not fit any convex function; more pieces fit it better, on a bounded interval",
        "the difference of two fits any continuous function on a bounded interval, given pieces enough",
        "groups are consecutive members; the axis length is divided by pieces; a tie goes to the first",
    ),
)
def maxout(x, pieces=Param(2, domain="[1, inf)", integer=True), axis=Param(-1, integer=True)):
    """The largest of each group of inputs along an axis."""
    return v.amax(x)
