"""What paired scores of a few seeds allow one to say.

All activations of a data set are compared with each other by paired t tests, and the p values of all pairs
are corrected together (Holm). The group "not distinguishable from the best" and the differences to the
baseline are read from that one family: whatever pair turns out to be interesting, the chance of any false
difference stays below 5%, although the best was chosen from the same data. Comparing with the best alone, as
if it had been declared beforehand, finds 10-15% false differences.

Arrays of scores have the shape [activations, seeds]; column j belongs to seed j in every row.

Notes
-----
Sources: Holm 1979, Scand. J. Statist. 6:65; improvement probability as in Agarwal et al. 2021,
arXiv:2108.13264.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

Scores = NDArray[np.float64]

LEVEL = 0.05
POWER = 0.80

# Equal differences of accuracies may differ by this much.
_ROUNDING = 1e-12

# Points of the mixture that stands for a noncentral t: power to 1e-4.
_MIXTURE = 4000

# A learning rate is good if its mean validation score loses at most this share of the best one's distance
# from chance.
GOOD_LOSS = 0.05


@dataclass(frozen=True)
class Estimate:
    """A mean with its spread and 95% t interval."""

    mean: float
    sd: float
    low: float
    high: float


def estimate(values: Scores) -> Estimate:
    """Mean, standard deviation and 95% t interval of independent values (two at least)."""
    count = len(values)
    mean, sd = float(np.mean(values)), float(np.std(values, ddof=1))
    reach = float(stats.t.ppf(1 - LEVEL / 2, count - 1)) * sd / math.sqrt(count)
    return Estimate(mean, sd, mean - reach, mean + reach)


def paired_p(differences: Scores) -> Scores:
    """Two-sided p values of paired t tests, from the differences [..., seeds].

    All zero is no difference: p = 1. The same non-zero difference in every seed has no spread to judge it by;
    its p is that of the exact sign-flip test, 2^(1 - seeds), not 0.
    """
    count = differences.shape[-1]
    mean, sd = np.abs(np.mean(differences, axis=-1)), np.std(differences, axis=-1, ddof=1)
    constant = sd <= _ROUNDING
    t = mean * math.sqrt(count) / np.where(constant, 1.0, sd)
    exact = np.where(mean <= _ROUNDING, 1.0, 2.0 ** (1 - count))
    return np.where(constant, exact, 2 * special.stdtr(count - 1, -t))


def holm(p: Scores) -> Scores:
    """Holm's adjusted p values."""
    order = np.argsort(p)
    factors = np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * factors))
    return adjusted


def all_pairs(scores: Scores) -> tuple[Scores, Scores]:
    """(p, Holm-corrected p) of every pair, as symmetric matrices with ones on the diagonal."""
    count = len(scores)
    raw, corrected = np.ones((count, count)), np.ones((count, count))
    rows, columns = np.triu_indices(count, 1)
    p = paired_p(scores[rows] - scores[columns])
    raw[rows, columns] = raw[columns, rows] = p
    corrected[rows, columns] = corrected[columns, rows] = holm(p)
    return raw, corrected


def best_group(scores: Scores, corrected: Scores) -> NDArray[np.bool_]:
    """Which activations cannot be told from the one with the highest mean (itself included)."""
    best = int(np.argmax(scores.mean(axis=1)))
    group: NDArray[np.bool_] = corrected[best] > LEVEL
    return group


def improvement_probability(scores: Scores, baseline: Scores) -> float:
    """Chance that a run of one scores higher than a run of the other, ties counting half."""
    higher = scores[:, None] > baseline[None, :]
    tied = scores[:, None] == baseline[None, :]
    return float(np.mean(higher + 0.5 * tied))


def detectable_difference(scores: Scores, baseline: int) -> float:
    """The smallest difference to the baseline that this run would have found in 80% of repetitions.

    Takes the median spread of the paired differences and the level of Holm's first step; NaN if there is
    nothing to compare, or nothing varies.
    """
    differences = np.delete(scores, baseline, axis=0) - scores[baseline]
    if not len(differences):
        return math.nan
    sd = float(np.median(np.std(differences, axis=1, ddof=1)))
    pairs = math.comb(len(scores), 2)
    return sd * detectable_effect(scores.shape[1], LEVEL / pairs) if sd > 0 else math.nan


def detectable_effect(count: int, level: float, power: float = POWER) -> float:
    """Mean / standard deviation of paired differences that a two-sided t test finds with this power."""
    degrees = count - 1
    critical = float(stats.t.ppf(1 - level / 2, degrees))
    # The noncentral t as a mixture of normals over the estimated spread: SciPy's own fails for few degrees of
    # freedom and large critical values.
    spreads = np.sqrt(stats.chi2.ppf((np.arange(_MIXTURE) + 0.5) / _MIXTURE, degrees) / degrees)

    def shortfall(shift: float) -> float:
        found = special.ndtr(shift - critical * spreads) + special.ndtr(-shift - critical * spreads)
        return float(power - np.mean(found))

    # At the upper end even the widest estimated spread leaves no doubt.
    shift = optimize.brentq(shortfall, 0.0, critical * spreads[-1] + 5)
    return float(shift) / math.sqrt(count)


def choose_rate(rates: Scores, means: Scores) -> int:
    """Position of the rate with the highest mean score; of equals the one nearest to the grid's middle."""
    tied = np.flatnonzero(means == np.max(means))
    middle = (len(rates) - 1) / 2
    return int(tied[np.argmin(np.abs(tied - middle))])


def good_rates(rates: Scores, means: Scores, best: int, chance: float) -> tuple[float, float]:
    """Lowest and highest learning rate of the unbroken range of good ones around the best.

    Good loses at most 5% of the distance from chance to the best mean score. Between two rates
    of the grid the score is taken to be straight over log(rate); beyond the grid nothing is known, so the range
    ends there at the latest.
    """
    threshold = means[best] - GOOD_LOSS * abs(means[best] - chance)
    logs = np.log10(rates)
    low = _crossing(logs[best::-1], means[best::-1], threshold)
    high = _crossing(logs[best:], means[best:], threshold)
    return 10.0**low, 10.0**high


def _crossing(logs: Scores, means: Scores, threshold: float) -> float:
    """Where the means, followed from the first, fall below the threshold; the last place if they never do."""
    below = np.flatnonzero(means < threshold)
    if not len(below):
        return float(logs[-1])
    after = int(below[0])
    share = (means[after - 1] - threshold) / (means[after - 1] - means[after])
    return float(logs[after - 1] + share * (logs[after] - logs[after - 1]))
