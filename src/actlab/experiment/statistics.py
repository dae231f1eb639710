"""What paired scores of a few seeds allow one to say.

Every statement about a difference rests on a paired t test, and all tests of an experiment are corrected
together (`family`). Everything here is about these data and this network: seeds draw splits, initial weights and
batches, not new data of the same kind.

Arrays of scores have the shape [..., activations, seeds]; column j belongs to seed j in every row, and NaN marks
a run without a score.

Notes
-----
Coverage of the 95% t interval, from 10,000 simulated experiments each, for 5, 10 and 20 seeds (the studentised
bootstrap in brackets, 1,500 each):

- normal scores: 94.7, 95.0, 95.2% (94.3, 94.9, 95.5%, and 1.5 times as wide at 5 seeds)
- accuracies around 70% on 1,000 test rows, seeds spread by 0.7 points: 95.0, 95.0, 95.0%
- the same, one run in 20 lower by 5 points: 95.1, 94.5, 95.0% (94.5, 94.3, 93.8%)
- the same, one run in 20 lower by 10 points: 93.3, 90.9, 90.1% (94.0, 90.0, 89.2%)
- the same, one run in 20 fails (60 points lower): 33, 40, 64% (47, 38, 63%): no interval can know of failures
  that have not happened, so failures are counted beside the scores
- 97% on 45 test rows, 1.4 errors a run: 93.3, 94.3, 94.2%; 99% on 36 rows, 0.4 errors a run: 83, 88, 92%, and
  99.7, 90, 92% with the interval for equal shares (see `estimate`)

The bootstrap is nowhere better by more than it is worse elsewhere, so the t interval it is.

Sources: Holm 1979, Scand. J. Statist. 6:65; improvement probability as in Agarwal et al. 2021,
arXiv:2108.13264; what resampled splits cannot tell about new data: Nadeau & Bengio 2003, Mach. Learn. 52:239.
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

# Networks compute in float32: smaller differences of a score are rounding, not performance.
RESOLUTION = 1e-6

# Equal differences of accuracies may differ by this much.
_ROUNDING = 1e-12

# Points of the mixture that stands for a noncentral t: power to 1e-4.
_MIXTURE = 4000

# A learning rate is good if its mean validation score loses at most this share of the best one's distance
# from chance.
GOOD_LOSS = 0.05


@dataclass(frozen=True)
class Estimate:
    """A mean with its spread and 95% interval; NaN where there are too few values."""

    mean: float
    sd: float
    low: float
    high: float


def estimate(values: Scores, rows: int | None = None) -> Estimate:
    """Mean, standard deviation and 95% t interval of independent values, NaN left out.

    Parameters
    ----------
    values : float64[seeds]
    rows : test rows of one run, if the values are shares of right answers. Shares that are all the same say
        nothing through their spread; their interval is Wilson's for all the rows together.
    """
    values = values[~np.isnan(values)]
    count = len(values)
    if count < 2:  # noqa: PLR2004 - a spread takes two
        return Estimate(float(values[0]) if count else math.nan, math.nan, math.nan, math.nan)
    mean, sd = float(np.mean(values)), float(np.std(values, ddof=1))
    if rows is not None and sd <= _ROUNDING:
        low, high = stats.binomtest(round(mean * rows * count), rows * count).proportion_ci(1 - LEVEL, "wilson")
        return Estimate(mean, sd, float(low), float(high))
    reach = float(stats.t.ppf(1 - LEVEL / 2, count - 1)) * sd / math.sqrt(count)
    return Estimate(mean, sd, mean - reach, mean + reach)


def paired_p(differences: Scores) -> Scores:
    """Two-sided p values of paired t tests, from the differences [..., seeds].

    All zero is no difference: p = 1; so are differences below the resolution of float32 networks, and fewer than
    two known ones. The same non-zero difference in every seed has no spread to judge it by; its p is that of the
    exact sign-flip test, 2^(1 - seeds), not 0.
    """
    known = ~np.isnan(differences)
    values = np.where(known & (np.abs(differences) > RESOLUTION), differences, 0.0)
    count = np.maximum(known.sum(axis=-1), 1)
    degrees = np.maximum(count - 1, 1)
    mean = values.sum(axis=-1) / count
    deviations = np.where(known, values - mean[..., None], 0.0)
    sd = np.sqrt(np.square(deviations).sum(axis=-1) / degrees)
    constant = sd <= _ROUNDING
    t = np.abs(mean) * np.sqrt(count) / np.where(constant, 1.0, sd)
    exact = np.where(mean == 0, 1.0, 2.0 ** (1 - count))
    return np.where(constant, exact, 2 * special.stdtr(degrees, -t))


def holm(p: Scores) -> Scores:
    """Holm's adjusted p values of the families [..., tests]."""
    order = np.argsort(p, axis=-1)
    factors = np.arange(p.shape[-1], 0, -1)
    stepped = np.maximum.accumulate(np.take_along_axis(p, order, -1) * factors, axis=-1)
    adjusted = np.empty_like(stepped)
    np.put_along_axis(adjusted, order, np.minimum(1.0, stepped), -1)
    return adjusted


def mean_scores(scores: Scores) -> Scores:
    """Means over the seeds that have a score [..., activations]; NaN where none has."""
    known = ~np.isnan(scores)
    count = known.sum(axis=-1)
    total = np.where(known, scores, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def best_group(scores: Scores, corrected: Scores) -> NDArray[np.bool_]:
    """Which activations cannot be told from the one with the highest mean (itself included).

    Parameters
    ----------
    scores : [..., activations, seeds]
    corrected : [..., activations, activations], corrected p values of all pairs

    Returns
    -------
    bool [..., activations]; False for one without any score
    """
    means = mean_scores(scores)
    best = np.argmax(np.where(np.isnan(means), -np.inf, means), axis=-1)
    p = np.take_along_axis(corrected, best[..., None, None], axis=-2)[..., 0, :]
    return (p > LEVEL) & ~np.isnan(means)


def improvement_probability(scores: Scores, baseline: Scores) -> float:
    """Chance that a run of one scores higher than a run of the other, ties counting half."""
    higher = scores[:, None] > baseline[None, :]
    tied = scores[:, None] == baseline[None, :]
    known = ~np.isnan(scores)[:, None] & ~np.isnan(baseline)[None, :]
    return float(np.mean((higher + 0.5 * tied)[known])) if known.any() else math.nan


def detectable_difference(scores: Scores, baseline: int, tests: int) -> float:
    """The smallest difference to the baseline that such an experiment finds in 80% of repetitions.

    Parameters
    ----------
    scores : [activations, seeds]
    baseline : its position
    tests : tests that are corrected together; Holm's first step is counted on

    Returns
    -------
    in units of the score, from the median spread of the paired differences (cleared of the bias that the median
    of a few spreads has: 8% at 5 seeds); NaN if there is nothing to compare, or nothing varies
    """
    differences = np.delete(scores, baseline, axis=0) - scores[baseline]
    differences = differences[:, ~np.isnan(differences).any(axis=0)]
    count = differences.shape[1]
    if not len(differences) or count < 2:  # noqa: PLR2004 - a spread takes two
        return math.nan
    bias = math.sqrt(float(stats.chi2.median(count - 1)) / (count - 1))
    sd = float(np.median(np.std(differences, axis=1, ddof=1))) / bias
    return sd * detectable_effect(count, LEVEL / tests) if sd > _ROUNDING else math.nan


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


def fewest_wilcoxon_p(seeds: int, tests: int = 1) -> float:
    """The smallest p value that the exact two-sided Wilcoxon signed-rank test can give, after Holm's correction.

    Examples
    --------
    >>> fewest_wilcoxon_p(5), fewest_wilcoxon_p(10, tests=15)
    (0.0625, 0.029296875)
    """
    return float(min(1.0, tests * 2.0 ** (1 - seeds)))


def rank_test_remark(seeds: int, tests: int) -> str:
    """What a test by ranks alone could have said in this experiment, as a sentence for the reader."""
    single, together = fewest_wilcoxon_p(seeds), fewest_wilcoxon_p(seeds, tests)
    price = "at the price of assuming differences between runs that are roughly normal."
    if together <= LEVEL:
        return (
            f"With {seeds} seeds a rank test could reach {LEVEL:.0%} too; the t test misses fewer differences, {price}"
        )
    smallest = f"{single:.3g}" + (f", and {together:.3g} after correction for {tests} tests" if tests > 1 else "")
    return (
        f"With {seeds} seeds no rank test could reach {LEVEL:.0%} here (the smallest p value of the Wilcoxon "
        f"signed-rank test is {smallest}); the t test can, {price}"
    )


def choose_rate(rates: Scores, means: Scores) -> int:
    """Position of the rate with the highest mean score (NaN is the lowest); of equals the one nearest to the middle."""
    known = np.where(np.isnan(means), -np.inf, means)
    tied = np.flatnonzero(known == np.max(known))
    middle = (len(rates) - 1) / 2
    return int(tied[np.argmin(np.abs(tied - middle))])


def good_rates(rates: Scores, means: Scores, best: int, chance: float) -> tuple[float, float]:
    """Lowest and highest learning rate of the unbroken range of good ones around the best.

    Good loses at most 5% of the distance from chance to the best mean score. Between two rates
    of the grid the score is taken to be straight over log(rate); beyond the grid nothing is known, so the range
    ends there at the latest. NaN means are bad; if the best is NaN, so are both ends.
    """
    if np.isnan(means[best]):
        return math.nan, math.nan
    means = np.where(np.isnan(means), -np.inf, means)
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
