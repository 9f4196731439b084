"""Requirements: how they are read, and when they hold."""

import math

import pytest

from benchmark.analysis.requirements import (
    Outcome,
    Requirement,
    check_requirements,
    read_requirements,
)
from benchmark.analysis.scores import Score, metric_scores, recall_scores
from tests.report.fabricate import fabricate

CLASSES = ("wire", "not sure", "a,b]>=1", 'say "x"', "it's")


def read(text):
    return read_requirements([text], CLASSES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("macro_f1>=.5", [("macro_f1", None, ">=", 0.5)]),
        (" macro_f1 > 0.5 , never_predicted==0 ", [
            ("macro_f1", None, ">", 0.5), ("never_predicted", None, "==", 0.0),
        ]),
        ("log_loss<1e1,ece<=-1", [("log_loss", None, "<", 10.0), ("ece", None, "<=", -1.0)]),
        ("recall[wire]>=.3", [("recall", "wire", ">=", 0.3)]),
        ("recall[ not sure ]>=.3", [("recall", "not sure", ">=", 0.3)]),
        ('recall["a,b]>=1"]>.3,mcc>0', [
            ("recall", "a,b]>=1", ">", 0.3), ("mcc", None, ">", 0.0),
        ]),
        (r'recall["say \"x\""]>.3', [("recall", 'say "x"', ">", 0.3)]),
        ("recall['say \"x\"']>.3", [("recall", 'say "x"', ">", 0.3)]),
        ('recall["it\'s"]>.3,', [("recall", "it's", ">", 0.3)]),
    ],
)  # fmt: skip
def test_requirements_are_read(text, expected):
    assert read(text) == [Requirement(*parts) for parts in expected]


def test_several_lists_are_one():
    both = read_requirements(["macro_f1>.1", "mcc>.1,accuracy>.1"], CLASSES)
    assert [requirement.subject for requirement in both] == ["macro_f1", "mcc", "accuracy"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "nothing is required; write METRIC>=NUMBER"),
        ("macro_f1", "requirement 'macro_f1' can't be understood; write METRIC>=NUMBER or recall"),
        ("macro_f1=.5", "requirement 'macro_f1=.5' can't be understood"),
        ("macro_f1=>.5", "requirement 'macro_f1=>.5' can't be understood"),
        ("mcc>0,macro_f1!=.5", "requirement 'macro_f1!=.5' can't be understood"),
        ("recall[a,b]>=.5", "put a class name with odd characters in quotes"),
        ("macro_f1>=half", "ends with 'half', which is no number like .5"),
        ("macro_f1>=nan", "ends with 'nan', which is no number"),
        ("macro_f1>=inf", "ends with 'inf', which is no number"),
        ("marco_f1>=.5", "there is no metric 'marco_f1'. Did you mean 'macro_f1'? Known: macro_f1"),
        ("recall>=.5", "requirement 'recall>=.5' names no class; write recall[CLASS]>="),
        ("recall[wires]>=.5", "there is no class 'wires'. Did you mean 'wire'? Known: wire, not"),
        ("mcc[wire]>=.5", "mcc is not one of a class; only recall[CLASS] is"),
    ],
)
def test_what_can_not_be_understood_is_told(text, message):
    with pytest.raises(ValueError) as raised:  # noqa: PT011
        read(text)
    assert message in str(raised.value)


def test_of_many_classes_an_error_names_a_few():
    with pytest.raises(ValueError, match=r"Known: c0, c1, .*, c19 and 980 more$"):
        read_requirements(["recall[x]>=.5"], [f"c{k}" for k in range(1000)])


@pytest.mark.parametrize(
    ("sign", "value", "holds"),
    [
        *((">=", 0.5, True), (">=", 0.49, False), (">", 0.5, False), (">", 0.51, True)),
        *(("<=", 0.5, True), ("<=", 0.51, False), ("<", 0.5, False), ("<", 0.49, True)),
        *(("==", 0.5, True), ("==", 0.51, False)),
        *((sign, math.nan, False) for sign in (">=", ">", "<=", "<", "==")),
    ],
)
def test_a_bound_is_kept_or_not(sign, value, holds):
    assert Requirement("mcc", None, sign, 0.5).holds(value) is holds


@pytest.mark.parametrize(
    ("sign", "score", "holds"),
    [
        (">=", Score(0.6, 0.5, 0.7), True),
        (">=", Score(0.6, 0.4, 0.7), False),
        ("<=", Score(0.4, 0.3, 0.5), True),
        ("<=", Score(0.4, 0.3, 0.6), False),
        ("==", Score(0.5, 0.5, 0.5), True),
        ("==", Score(0.5, 0.5, 0.6), False),
        (">=", Score(math.nan), False),
    ],
)
def test_the_unfavourable_end_of_an_interval_counts(sign, score, holds):
    assert Outcome(Requirement("macro_f1", None, sign, 0.5), score, by_interval=True).holds is holds


def test_outcomes_are_of_the_numbers_of_the_tables():
    comparison = fabricate(classes=CLASSES, images=200, test_images={"wire": 0})
    required = read_requirements(
        ["macro_f1>=0,log_loss>=0,recall[not sure]>=0,recall[wire]>=0"], comparison.classes
    )
    metrics = metric_scores(comparison, "no_change")
    recalls = recall_scores(comparison, "no_change")
    outcomes = check_requirements(comparison, "no_change", required, by_interval=False)
    assert [outcome.score for outcome in outcomes[:3]] == [
        *(metrics["macro_f1"], metrics["log_loss"], recalls["not sure"])
    ]
    assert [outcome.holds for outcome in outcomes] == [True, True, True, False]


def test_a_metric_without_an_interval_has_no_bound_that_could_count():
    comparison = fabricate()
    required = read_requirements(["never_predicted==0"], comparison.classes)
    with pytest.raises(ValueError, match=r"never_predicted has no interval.* without --lower-bo"):
        check_requirements(comparison, "no_change", required, by_interval=True)
