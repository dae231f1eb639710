"""S-shaped functions, smooth and piecewise linear, and the step they grew out of."""

from actlab import vocabulary as v
from actlab.catalogue.rectifiers import relu6
from actlab.parameters import Param
from actlab.registry import activation


@activation(
    source="Verhulst 1838, Correspondance mathématique et physique 10:113-121; as a unit of neural networks: "
    "Rumelhart, Hinton, Williams 1986, doi:10.1038/323533a0",
    aliases=("logistic", "expit"),
    advantages=(
        "output in (0, 1), a probability: for two classes, or one unit per label in multi-label tasks",
        "smooth and strictly increasing",
        "the derivative follows from the output alone: s*(1 - s)",
    ),
    disadvantages=(
        "saturates softly on both sides: the gradient is below 0.01 from |x| = 4.6 on",
        "gradient at most 1/4: five layers multiply it by at most 1/1024, weights apart",
        "not zero-centred: outputs are positive, so one example moves all weights into a unit the same way",
        "needs an exponential",
    ),
    notes=(
        "the gradient does not saturate where the output is 0.5: it is largest there, 1/4 at x = 0",
        "units saturate at large |x|, with a small gradient, not a zero one: they do not die as in ReLU",
        "saturation comes from large |x|; repeating the same data does not cause it",
        "typed as 1/(1 + exp(-x)) it overflows inside for x < -709.8 (float32: x < -88.8); this one does not",
        "monotonic, yet the squared error of one unit is not convex in its input; the cross-entropy is",
    ),
)
def sigmoid(x):
    """The logistic function, from 0 to 1."""
    return v.sigmoid(x)


@activation(
    source="LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, doi:10.1007/3-540-49430-8_2",
    advantages=(
        "zero-centred: odd, with output in (-1, 1)",
        "gradient up to 1, four times that of the sigmoid",
        "smooth and strictly increasing",
    ),
    disadvantages=(
        "saturates softly on both sides: the gradient is below 0.01 from |x| = 3 on",
        "needs an exponential",
    ),
    notes=(
        "tanh(x) = 2*sigmoid(2*x) - 1",
        "a saturated unit has a small gradient, not a zero one: it learns slowly but is not dead",
        "inputs of zero mean and unit variance rarely saturate it: |x| > 3 with a probability of 0.3 %",
    ),
)
def tanh(x):
    """The hyperbolic tangent, from -1 to 1."""
    return v.tanh(x)


@activation(
    source="Howard 2019, arXiv:1905.02244 (MobileNetV3); other slopes: Courbariaux 2015, arXiv:1511.00363",
    aliases=("hardsigmoid", "h_sigmoid"),
    # By rule the condition is x + 3 < 6, and x + 3 rounds to 6 for the last float64 below 3.
    stable_grad=lambda x: v.where((x > -3) & (x < 3), 1 / 6, 0),
    advantages=(
        "piecewise linear: no exponential, cheap in quantised networks",
        "within 0.07 of sigmoid everywhere",
        "reaches 0 and 1 exactly, so a gate can be fully shut or fully open",
    ),
    disadvantages=(
        "saturates hard on both sides: the gradient is exactly 0 from |x| = 3 on, so units can die there",
        "gradient at most 1/6",
        "not zero-centred: output never negative",
    ),
    notes=(
        "three functions bear this name; MobileNetV3, PyTorch, JAX and Keras 3 mean this one",
        "ONNX by default and Keras 2 mean clip(0.2*x + 0.5, 0, 1), BinaryConnect clip((x + 1)/2, 0, 1)",
        "the gradient at the kinks, -3 and 3, is 0, as in PyTorch, JAX and TensorFlow",
    ),
)
def hard_sigmoid(x):
    """The sigmoid in three straight pieces, rising between -3 and 3."""
    # x + 3 before the division: x/6 + 1/2 would round where the output leaves 0.
    return relu6(x + 3) / 6


@activation(
    source="Collobert 2004, Large scale machine learning, PhD thesis, Université Paris VI",
    aliases=("hardtanh",),
    require="min_val < max_val",
    advantages=(
        "the identity between its bounds: gradient exactly 1 there",
        "piecewise linear: no exponential",
        "zero-centred with the default bounds",
    ),
    disadvantages=(
        "saturates hard on both sides: the gradient is exactly 0 outside the bounds, so units can die there",
        "cruder than hard_sigmoid: up to 0.24 away from tanh, at the kinks",
    ),
    notes=(
        "the gradient at both bounds is 0, as in PyTorch; JAX takes 1 there, and so does torch.clamp",
        "min_val=0, max_val=6 makes it relu6",
    ),
)
def hard_tanh(x, min_val=Param(-1.0), max_val=Param(1.0)):
    """The input, clipped to an interval."""
    return v.clip(x, min_val, max_val)


@activation(
    source="Elliott 1993, technical report TR 93-8, University of Maryland; Bergstra 2009, technical report "
    "1337, Université de Montréal",
    aliases=("soft_sign",),
    # The quotient rule gives (1 + |x| - |x|)/(1 + |x|)**2, which cancels; a squared quotient cannot overflow.
    stable_grad=lambda x: (1 / (1 + v.abs(x))) ** 2,
    advantages=(
        "zero-centred: odd, with output in (-1, 1)",
        "saturates more gently than tanh: the gradient falls like 1/x^2, not exponentially",
        "no exponential",
    ),
    disadvantages=(
        "comes slowly to its bounds: 0.9 at x = 9, 0.99 at x = 99",
        "smooth only once: the second derivative jumps from 2 to -2 at 0",
    ),
    notes=("the gradient at 0 is 1 in spite of |x| in the formula",),
)
def softsign(x):
    """The input over one plus its size, from -1 to 1."""
    return x / (1 + v.abs(x))


@activation(
    source="the log-likelihood of logistic regression, Cox 1958, doi:10.1111/j.2517-6161.1958.tb00292.x",
    aliases=("logsigmoid",),
    advantages=(
        "log-probability without underflow: -1000 at x = -1000, where log(sigmoid(x)) gives -inf",
        "concave, so the cross-entropy it gives is convex in x",
        "gradient in (0, 1), near 1 for confidently wrong inputs: learning does not stall on them",
    ),
    disadvantages=(
        "output negative and unbounded below: a piece of a loss rather than an activation for hidden layers",
        "needs an exponential and a logarithm",
    ),
    notes=("log_sigmoid(x) = -softplus(-x)",),
)
def log_sigmoid(x):
    """The logarithm of the sigmoid, without underflow."""
    return -v.softplus(-x)


@activation(
    source="McCulloch, Pitts 1943, doi:10.1007/BF02478259; Rosenblatt 1958, doi:10.1037/h0042519",
    aliases=("step", "binary_step"),
    advantages=(
        "a clear decision, on or off: the unit of the perceptron",
        "cheap: one comparison, one bit of output",
    ),
    disadvantages=(
        "gradient 0 everywhere: backpropagation cannot train a network through it",
        "jumps at 0: a small change of the input can turn the output over",
    ),
    notes=(
        "the value at 0 is 0 here; others take 1/2 or 1, and numpy.heaviside asks for it",
        "the perceptron learns by its own rule, from the error of the output; it does not use this gradient",
        "torch.nn.Threshold is another function: x above a threshold, a constant below",
    ),
)
def heaviside(x):
    """The step: 1 for positive inputs, else 0."""
    return v.where(x > 0, 1, 0)
