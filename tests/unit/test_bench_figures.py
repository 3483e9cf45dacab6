"""The arithmetic of measuring, with numbers whose answers are known."""

import pytest

from ledger.bench.figures import median, percentile, rounded, spread
from ledger.bench.result import Check, Yardstick


def test_the_median_of_an_even_number_of_runs_lies_between_the_middle_two() -> None:
    """Four runs, of which the outer two do not count."""
    assert median([9.0, 1.0, 2.0, 3.0]) == 2.5


def test_the_spread_is_how_far_runs_lie_apart_as_a_part_of_their_median() -> None:
    """Ninety to a hundred and ten is a fifth of a hundred; one run alone has none, nor have runs of nothing."""
    assert (spread([100.0, 90.0, 110.0]), spread([42.0]), spread([0.0, 0.0])) == (0.2, 0.0, 0.0)


@pytest.mark.parametrize(("part", "found"), [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0), (0.0, 1.0)])
def test_a_percentile_is_the_nearest_rank(part: float, found: float) -> None:
    """Of one to a hundred, in any order."""
    assert percentile([float(n) for n in range(100, 0, -1)], part) == found


def test_a_figure_keeps_the_four_digits_that_mean_something() -> None:
    """Large ones lose their decimals, small ones keep theirs."""
    assert [rounded(value) for value in (12345.678, 1.234567, 0.00123456, 0.0)] == [12346.0, 1.235, 0.001235, 0.0]


def test_a_yardstick_counts_as_the_mean_of_before_and_after() -> None:
    """A machine that got slower meanwhile was slower for the figure too."""
    assert Yardstick("pgbench", "transactions/s", 3_000.0, 2_000.0).mean == 2_500.0


def test_a_check_is_met_on_its_bounds_and_missed_beyond_them() -> None:
    """At least, at most, both, and no bound at all."""
    checks = [
        Check("ratio", 1.0, at_least=1.0),
        Check("ratio", 0.99, at_least=1.0),
        Check("seconds", 2.0, at_most=2.0),
        Check("seconds", 2.01, at_most=2.0),
        Check("both", 5.0, at_least=4.0, at_most=6.0),
        Check("none", 5.0),
    ]
    assert [check.met for check in checks] == [True, False, True, False, True, True]


def test_the_json_of_a_check_names_only_the_bounds_there_are() -> None:
    """So that a reader sees what the target asked for."""
    assert Check("ratio", 1.23456, at_least=1.0).as_json() == {"what": "ratio", "value": 1.235, "at_least": 1.0, "met": True}
