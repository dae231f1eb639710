"""How numbers are written."""

import math

import pytest

from actlab.report import numbers
from actlab.report.numbers import MISSING, Score

ACCURACY, R2 = Score.of("accuracy"), Score.of("R^2")


def test_scores_go_by_their_names() -> None:
    labels = Score.of("label accuracy")
    assert labels.percent
    assert labels.text(0.5) == "50.0 %"
    assert [each.axis_title("test") for each in (ACCURACY, labels, R2)] == [
        "test accuracy, %",
        "test label accuracy, %",
        "test R²",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.6994, "69.9 %"),
        (1.0, "100.0 %"),
        (0.0, "0.0 %"),
        (-0.0, "0.0 %"),
        (math.nan, MISSING),
        (math.inf, MISSING),
    ],
)
def test_accuracy_is_in_per_cent_with_one_decimal(value: float, text: str) -> None:
    assert ACCURACY.text(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.8126, "0.813"), (-1.5, "\N{MINUS SIGN}1.500"), (-0.0001, "0.000")])
def test_r2_has_three_decimals_and_a_true_minus(value: float, text: str) -> None:
    assert R2.text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0061, "+0.6"),
        (-0.0376, "\N{MINUS SIGN}3.8"),
        (0.0004, "0.0"),
        (-0.0004, "0.0"),
        (math.nan, MISSING),
    ],
)
def test_a_difference_that_rounds_to_zero_has_no_sign(value: float, text: str) -> None:
    assert ACCURACY.difference(value) == text


def test_an_interval_needs_both_ends() -> None:
    assert ACCURACY.interval(0.691, 0.708) == "69.1 to 70.8"
    assert ACCURACY.interval(math.nan, 0.7) == MISSING
    assert ACCURACY.difference_interval(-0.004, 0.012) == "\N{MINUS SIGN}0.4 to +1.2"
    assert ACCURACY.found(0.011) == "1.1 points"
    assert ACCURACY.found(math.inf) == "none, with so few seeds"
    assert ACCURACY.found(math.nan) == MISSING
    assert R2.found(178.0) == "178.000"
    assert ACCURACY.size(-0.011) == "1.1 points"
    assert R2.size(0.011) == "0.011"
    assert ACCURACY.size(math.nan) == MISSING


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-4, "1e-4"),
        (3.16e-4, "3e-4"),
        (3e-3, "3e-3"),
        (0.05, "5e-2"),
        (0.025, "2.5e-2"),
        (10.0, "1e1"),
        (0.0, MISSING),
    ],
)
def test_rates(value: float, text: str) -> None:
    assert numbers.rate(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9.996e-4, "1.00 ms"),
        (4.2e-5, "42.0 µs"),
        (0.9999, "1.00 s"),
        (0.0, "0.00 µs"),
        (math.nan, MISSING),
        (-1.0, MISSING),
    ],
)
def test_durations_change_unit_before_they_read_1000(value: float, text: str) -> None:
    assert numbers.duration(value) == text


def test_the_rest() -> None:
    assert numbers.span(161.2) == "2 min 41 s"
    assert numbers.span(59.4) == "59 s"
    assert numbers.memory(1536) == "1.5 KiB"
    assert numbers.memory(math.nan) == MISSING
    assert numbers.probability(0.0004) == "< 0.001"
    assert numbers.probability(1.0) == "1.00"
    assert numbers.probability(math.nan) == MISSING
    assert numbers.decades(1.0) == "1 decade"
    assert numbers.decades(0.5) == "0.5 decades"
    assert numbers.share(math.nan) == numbers.plain(math.inf) == numbers.whole_share(math.nan) == MISSING
    assert numbers.whole_share(0.625) == "62 %"
    assert numbers.plain(-1e-12) == "\N{MINUS SIGN}1e\N{MINUS SIGN}12"
    assert numbers.count(8000) == "8\N{NARROW NO-BREAK SPACE}000"
