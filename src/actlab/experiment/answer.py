"""The answer: which activation to use here, and does it matter."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from actlab.experiment.doubts import doubtful, too_variable
from actlab.experiment.evidence import Evidence, beats, never_trained
from actlab.experiment.failures import could_not_be_trained, diverged
from actlab.experiment.family import family_size
from actlab.experiment.ranks import variant
from actlab.experiment.statistics import LEVEL, detectable_effect
from actlab.experiment.variants import best_variants, what_variants_change
from actlab.experiment.wording import listed, step_time

# Numbers of seeds that are suggested to someone who used fewer.
MORE_SEEDS = (10, 20)

# Steps whose times differ by less than this factor take about as long: the clock is not steadier.
NOTICEABLE = 1.1


def answer(evidence: Evidence) -> str:
    """One paragraph: what to use, what that rests on, what the conditions change, and how to learn more."""
    trained = evidence.part(label for label in evidence.tables if not evidence.hopeless(label))
    if not trained.tables:
        return " ".join(_nothing(evidence))
    if len(evidence.labels) == 1:
        (only,) = evidence.labels
        failures = [*(f"{text}." for text in diverged(evidence)), *could_not_be_trained(evidence)]
        alone = f"Only {only} was trained: there is nothing to choose from."
        return " ".join([alone, *failures, *best_variants(evidence, only)])
    pick = _pick(trained)
    sentences = [
        *(f"Under {label} no run trained to the end." for label in evidence.tables if label not in trained.tables),
        _use(trained, pick) if pick else _by_data(trained),
        *_matters(evidence, trained),
        *could_not_be_trained(evidence),
        *what_variants_change(trained),
        *best_variants(evidence, pick or evidence.baseline),
        *_ranking(evidence),
        _fastest(trained, _choice(trained)),
        _sharper(trained),
    ]
    return " ".join(filter(None, sentences))


def _nothing(evidence: Evidence) -> list[str]:
    """No run trained to the end: why, and what may help."""
    diverging, failing = diverged(evidence), could_not_be_trained(evidence)
    cannot = "so this comparison cannot say which function to use"
    if not failing:
        return [f"Every final run diverged, {cannot}; lower learning rates or normalisation may help."]
    if not diverging:
        return [f"No function could be trained, {cannot}.", *failing]
    return [f"Every final run diverged or failed, {cannot}.", *(f"{text}." for text in diverging), *failing]


def _alike(evidence: Evidence) -> list[str]:
    """Activations that cannot be told from the best under any condition."""
    return [label for label in evidence.labels if all(row["best_group"] for row in evidence.rows(label))]


def _beaten_by(evidence: Evidence) -> list[str]:
    """Activations that are better than the baseline under some condition."""
    return [label for label in evidence.labels if any(map(beats, evidence.rows(label)))]


def _unsteady(evidence: Evidence) -> list[str]:
    """Those that cannot be told from the best but diverged in some runs, unless all of them did.

    Their mean is too uncertain to fall behind; that is no reason to take one.
    """
    diverged = [label for label in _alike(evidence) if any(row["diverged"] for row in evidence.rows(label))]
    return diverged if len(diverged) < len(_alike(evidence)) else []


def _choice(evidence: Evidence) -> list[str]:
    """Activations to choose from: alike, steady, and the baseline only if nothing beats it.

    Where the highest mean is uncertain, the baseline may be told from others but not from that.
    """
    left_out = {*_unsteady(evidence), *([evidence.baseline] if _beaten_by(evidence) else [])}
    return [label for label in _alike(evidence) if label not in left_out]


def _pick(evidence: Evidence) -> str | None:
    """The baseline if nothing beats it, else who loses least of those that are among the best everywhere."""
    choice = _choice(evidence)
    if evidence.baseline in choice:
        return evidence.baseline
    # Means, not ranks: where all are nearly equal, ranks are chance.
    return max(choice, key=lambda label: sum(row["mean"] for row in evidence.rows(label)), default=None)


def _use(evidence: Evidence, pick: str) -> str:
    """The recommendation and its reason."""
    choice, count = _choice(evidence), len(evidence.labels)
    better = _beaten_by(evidence) if evidence.baseline in _alike(evidence) else []
    despite = f" The baseline {evidence.baseline} is beaten by {listed(better)}." if better else ""
    if len(choice) == 1:
        steady = " and never diverged" if _unsteady(evidence) else ""
        return f"Use {pick}: it alone is among the best {_everywhere(evidence)}{steady}.{despite}"
    if len(choice) == count:
        nobody = "neither function" if count == 2 else f"none of the {count} functions"  # noqa: PLR2004 - a pair
        alike = f"{nobody} falls behind {_everywhere(evidence, negated=True)}"
    else:
        alike = f"{listed(choice)} are among the best {_everywhere(evidence)}"
    if pick == evidence.baseline:
        doubt = any(pick == row["activation"] for label in evidence.tables for row in doubtful(evidence, label))
        stay = "nothing found here speaks against staying with the baseline"
        return f"Use {pick}: {alike}, and {'nothing was shown to be better than the baseline' if doubt else stay}."
    return f"Use {pick}: {alike}; of these it loses least to the highest mean.{despite}"


def _everywhere(evidence: Evidence, *, negated: bool = False) -> str:
    count = len(evidence.tables)
    if count == 1:
        return "here"
    where, kind = ("on", "data set") if len(evidence.variants) == 1 else ("under", "condition")
    if count == 2:  # noqa: PLR2004 - a pair has words of its own
        return f"{where} either {kind}" if negated else f"{where} both {kind}s"
    return f"{where} {f'any of the {count}' if negated else f'all {count}'} {kind}s"


def _by_data(evidence: Evidence) -> str:
    """No function is among the best everywhere: one for every data set, where there is one."""
    picks = []
    for data in evidence.data:
        part = evidence.among(data)
        if (pick := _pick(part)) is None:
            label = max(part.tables, key=lambda label: part.tables[label][0]["mean"])
            pick = f"{part.tables[label][0]['activation']} (with {variant(part.conditions[label])})"
        picks.append(f"{pick} on {data}")
    what = "data" if len(evidence.variants) == 1 else "conditions"
    where = _everywhere(evidence)
    return f"Which one to use depends on the {what}: no function is among the best {where}. Take {listed(picks)}."


def _matters(evidence: Evidence, trained: Evidence) -> list[str]:
    """Who diverged or falls behind, and by how much; or what would have been seen if anyone did.

    Parameters
    ----------
    evidence : of all conditions, for what diverged
    trained : of those under which something trained
    """
    behind: dict[str, list[tuple[float, str]]] = {}
    for label, rows in trained.tables.items():
        for row in rows:
            if not row["best_group"] and not never_trained(row):
                behind.setdefault(row["activation"], []).append((rows[0]["mean"] - row["mean"], label))
    several = len(evidence.tables) > 1
    found = diverged(evidence)
    for number, (name, gaps) in enumerate(sorted(behind.items(), key=lambda item: max(item[1]), reverse=True)):
        gap, label = max(gaps)
        size = f"{'up to ' * (len(gaps) > 1)}{evidence.score(label).difference(gap)}{f' ({label})' * several}"
        found.append(f"{name} by {size}" if number else f"{name} falls behind the best by {size}")
    matters = f"Does it matter? Yes: {listed(found)}." if found else _unseen(trained)
    return [matters, *_doubts(trained)]


def _doubts(evidence: Evidence) -> list[str]:
    """What looks like a difference and could not be established."""
    several = len(evidence.tables) > 1
    found = [(text, label) for label in evidence.tables for text in too_variable(evidence, label)]
    return [f"{text}{f' ({label})' * several}." for text, label in found]


def _unseen(evidence: Evidence) -> str:
    """How large a difference may have stayed unseen, for each kind of score the largest."""
    largest = {
        evidence.score(label).name: evidence.score(label).difference(value)
        for label, value in sorted(evidence.detectable.items(), key=lambda item: item[1])
        if math.isfinite(value)
    }
    if any(map(math.isinf, evidence.detectable.values())):
        return (
            "Does it matter? This comparison cannot say: with so few seeds hardly any difference would have been found."
        )
    if not largest:
        return ""
    each = (size if len(largest) == 1 else f"{size} of {name}" for name, size in largest.items())
    return (
        f"Does it matter? Not by anything this comparison could see: a difference to {evidence.baseline} of "
        f"{listed(each)} would have been found in four of five such comparisons."
    )


def _ranking(evidence: Evidence) -> list[str]:
    """Who ranks lower over the data sets, where there are enough of them to say so."""
    sentences = []
    for found in evidence.ranks:
        ranks: Mapping[str, float] = found["ranks"]
        best = min(ranks, key=ranks.__getitem__)
        lower = [label for label, rank in ranks.items() if rank - ranks[best] >= found["critical_difference"]]
        if found["p"] <= LEVEL and lower:
            across = f" with {found['across']}" if found["across"] else ""
            over = f"Over {len(found['conditions'])} data sets{across}"
            sentences.append(f"{over}, {best} ranks higher on average than {listed(lower)}.")
    return sentences


def _fastest(evidence: Evidence, labels: Iterable[str]) -> str:
    """Who of several took the least and the most time for a step, averaged over the conditions, if it matters."""
    seconds = {
        label: sum(row["seconds_per_step"] for row in evidence.rows(label)) / len(evidence.tables) for label in labels
    }
    known = [label for label in seconds if math.isfinite(seconds[label])]
    if not known:
        return ""
    fast, slow = min(known, key=seconds.__getitem__), max(known, key=seconds.__getitem__)
    if seconds[slow] < NOTICEABLE * seconds[fast]:
        return ""
    least, most = f"{step_time(seconds[fast])} with {fast}", f"{step_time(seconds[slow])} with {slow}"
    pair = len(known) == 2  # noqa: PLR2004
    return f"A training step takes {least} and {most}." if pair else f"A training step takes from {least} to {most}."


def _sharper(evidence: Evidence) -> str:
    """What more seeds would show, where the least is seen now."""
    known = {label: value for label, value in evidence.detectable.items() if math.isfinite(value)}
    if not known:
        return ""
    label = max(known, key=known.__getitem__)
    seeds = max(row["runs"] for row in evidence.tables[label])
    more = next((count for count in MORE_SEEDS if count > seeds), 2 * seeds)
    level = LEVEL / family_size([item["data"] for item in evidence.conditions.values()], len(evidence.labels))
    smaller = known[label] * detectable_effect(more, level) / detectable_effect(seeds, level)
    score, where = evidence.score(label), f" ({label})" if len(evidence.tables) > 1 else ""
    return (
        f"With {more} seeds instead of {seeds}, a difference of {score.difference(smaller)} would be found as often "
        f"as one of {score.difference(known[label])} now{where}."
    )
