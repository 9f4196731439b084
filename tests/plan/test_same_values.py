"""Values under which a sweep trains the same: in all runs, in some, or in none."""

from __future__ import annotations

from itertools import product
from operator import eq

from benchmark.plan.same_values import SameValues, same_values

SETTINGS = ("recipe", "fine_tune")
VALUES = list(product(("forum", "heads"), ("head", "half")))


def test_other_trainings_are_none():
    assert same_values(SETTINGS, dict.fromkeys(VALUES, "x"), lambda a, b: False) == []


def test_values_may_be_the_same_under_some_of_the_others_alone():
    trainings = dict(zip(VALUES, ("a", "b", "c", "c"), strict=True))
    runs = (("recipe=heads,fine-tune=head", "recipe=heads,fine-tune=half"),)
    assert same_values(SETTINGS, trainings, eq) == [
        SameValues("fine_tune", ("head", "half"), runs, in_all=False)
    ]


def test_values_that_are_the_same_everywhere():
    trainings = dict(zip(VALUES, ("a", "a", "b", "b"), strict=True))
    (same,) = same_values(SETTINGS, trainings, eq)
    assert (same.setting, same.in_all, len(same.runs)) == ("fine_tune", True, 2)


def test_runs_that_are_not_there_are_no_evidence():
    trainings = {VALUES[0]: "a", VALUES[1]: "a", VALUES[2]: "b"}
    (same,) = same_values(SETTINGS, trainings, eq)
    assert same.in_all
    assert same_values(("lr",), {("1",): "a"}, eq) == []
