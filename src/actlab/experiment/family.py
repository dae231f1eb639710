"""All tests of an experiment, corrected together.

The family holds every pair of activations under every condition, and, for every activation, every pair of
conditions on the same data. Holm's correction over all of them keeps the chance of *any* false statement of the
experiment below 5%, whichever pair turns out to be interesting: a difference to the baseline, "lower than the
best" although the best was chosen from the same data, "better with layer norm".

Notes
-----
Share of true differences found among 6 activations under one condition, one of them lower by 1.5 standard
deviations of a run, normal scores, 1,000 experiments, for 5, 10 and 20 seeds; in brackets experiments with a false
difference where there is none, 10 seeds:

- Holm over all pairs, used here: 6, 39, 92% (4%)
- Shaffer's logical restrictions: 7, 42, 92% (4%)
- step-down max-T by sign flips: 0, 41, 93% (5%); with 5 seeds its smallest p is 0.0625
- Tukey's range test on a common variance: 26, 67, 97% (5%), but 14% false differences once one activation varies
  ten times as much as the others
- Hsu's comparisons with the best: 81, 98, 100% (21%): they may exclude one of several that are equally good
- Holm against the empirically best alone (9%)
- Holm over four such conditions: 2, 19, 76% (2%)

The last line is the price of comparing under several conditions at once; four families of 5% each would make a
false statement in up to 19% of experiments. More seeds pay it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from actlab.experiment.statistics import Scores, holm, paired_p


@dataclass(frozen=True)
class Family:
    """p values of an experiment; leading dimensions are experiments.

    Attributes
    ----------
    raw : [..., conditions, activations, activations], each test by itself; 1 on the diagonal
    activations : the same, corrected
    conditions : [..., activations, conditions, conditions], corrected; 1 on the diagonal and between data sets
    """

    raw: Scores
    activations: Scores
    conditions: Scores


def family_size(data: Sequence[str], activations: int) -> int:
    """How many tests are corrected together.

    Parameters
    ----------
    data : for every condition the name of its data set
    activations : how many are compared

    Examples
    --------
    >>> family_size(["digits", "digits", "mnist1d", "mnist1d"], 6)
    72
    """
    across = sum(math.comb(count, 2) for count in Counter(data).values())
    return len(data) * math.comb(activations, 2) + activations * across


def compare_all(scores: Scores, data: Sequence[str]) -> Family:
    """Test and correct every pair of the family.

    Parameters
    ----------
    scores : float64[..., conditions, activations, seeds]
    data : for every condition the name of its data set
    """
    within = _upper(scores.shape[-2])
    first, second = _upper(len(data))
    same = np.array(data)[first] == np.array(data)[second]
    across = first[same], second[same]
    turned = np.swapaxes(scores, -3, -2)
    p_within, p_across = _pair_p(scores, within), _pair_p(turned, across)
    split = math.prod(p_within.shape[-2:])
    together = holm(np.concatenate([_flat(p_within), _flat(p_across)], axis=-1))
    return Family(
        raw=_matrix(p_within, within, scores.shape[-2]),
        activations=_matrix(together[..., :split].reshape(p_within.shape), within, scores.shape[-2]),
        conditions=_matrix(together[..., split:].reshape(p_across.shape), across, len(data)),
    )


Pairs = tuple[np.ndarray, np.ndarray]


def _upper(count: int) -> Pairs:
    return np.triu_indices(count, 1)


def _pair_p(scores: Scores, pairs: Pairs) -> Scores:
    """[..., items, seeds] -> [..., pairs]."""
    return paired_p(scores[..., pairs[0], :] - scores[..., pairs[1], :])


def _flat(p: Scores) -> Scores:
    return p.reshape(*p.shape[:-2], math.prod(p.shape[-2:]))


def _matrix(p: Scores, pairs: Pairs, count: int) -> Scores:
    """[..., pairs] -> symmetric [..., count, count] with ones elsewhere."""
    matrix = np.ones((*p.shape[:-1], count, count))
    matrix[..., pairs[0], pairs[1]] = matrix[..., pairs[1], pairs[0]] = p
    return matrix
