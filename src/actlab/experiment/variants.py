"""What a factor beside the data, such as normalisation, changes."""

from __future__ import annotations

from actlab.experiment.evidence import Evidence, never_trained
from actlab.experiment.ranks import variant
from actlab.experiment.statistics import LEVEL
from actlab.experiment.wording import listed

_NOBODY = "none falls behind"


def what_variants_change(evidence: Evidence) -> list[str]:
    """Who falls behind with one variant and not with another."""
    if len(evidence.variants) == 1:
        return []
    groups: dict[str, list[str]] = {}
    for name in evidence.variants:
        groups.setdefault(_behind(evidence, name), []).append(name)
    if len(groups) == 1:
        return (
            []
            if _behind(evidence, evidence.variants[0]) == _NOBODY
            else [f"This is the same with {listed(evidence.variants)}."]
        )
    parts = (f"with {listed(names)} {behind}" for behind, names in groups.items())
    text = "; ".join(parts)
    return [text[0].upper() + text[1:] + "."]


def _behind(evidence: Evidence, name: str) -> str:
    """Who falls behind with this variant, on which data."""
    found: dict[tuple[str, ...], list[str]] = {}
    for label, condition in evidence.conditions.items():
        if variant(condition) == name and any(not row["best_group"] for row in evidence.tables[label]):
            found.setdefault(tuple(_fates(evidence, label)), []).append(condition["data"])
    if not found:
        return _NOBODY
    several = len(evidence.data) > 1
    return " and ".join(f"{listed(fates)}{f' on {listed(data)}' * several}" for fates, data in found.items())


def _fates(evidence: Evidence, label: str) -> list[str]:
    """Who falls behind, and who did not train at all."""
    rows = sorted(evidence.tables[label], key=lambda row: row["activation"])
    lower = [row["activation"] for row in rows if not row["best_group"] and not never_trained(row)]
    lost = [row["activation"] for row in rows if never_trained(row)]
    verbs = ((lower, "falls behind", "fall behind"), (lost, "never trains", "never train"))
    return [f"{listed(names)} {many if len(names) > 1 else one}" for names, one, many in verbs if names]


def best_variants(evidence: Evidence, activation: str) -> list[str]:
    """For one activation, which variant scores best on each data set."""
    if len(evidence.variants) == 1:
        return []
    found: dict[str, list[str]] = {}
    for data in evidence.data:
        found.setdefault(_best_variant(evidence, activation, data), []).append(data)
    parts = (f"{text} on {listed(data)}" for text, data in found.items())
    return [f"With {activation}, {'; '.join(parts)}."]


def _best_variant(evidence: Evidence, activation: str, data: str) -> str:
    labels = list(evidence.conditions)
    names = {label: variant(condition) for label, condition in evidence.among(data).conditions.items()}
    lost = [label for label in names if never_trained(evidence.row(label, activation))]
    if len(lost) == len(names):
        return f"no run trained with {listed(names.values())}"
    means = {label: evidence.row(label, activation)["mean"] for label in names}
    best = max((label for label in names if label not in lost), key=means.__getitem__)
    p = evidence.tests.conditions[evidence.labels.index(activation), labels.index(best)]
    lower = [label for label in names if label in lost or p[labels.index(label)] <= LEVEL]
    if not lower:
        return f"{listed(names.values())} cannot be told apart"
    score = evidence.score(best)
    gaps = {label: f"by {score.difference(means[best] - means[label])}" for label in lower}
    gaps |= dict.fromkeys(lost, "where no run trained")
    return f"{names[best]} is better than {listed(f'{names[label]} ({gap})' for label, gap in gaps.items())}"
