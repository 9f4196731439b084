"""The number of images that is told is the true one, in cases where that is known.

`python -m pytest -m simulation tests/evaluation/learning_curve` counts all cases again, minutes,
and writes planted.json, where the last result is committed. A few cases are fast.
"""

import json
from pathlib import Path

import joblib
import numpy as np
import pytest

from benchmark.evaluation.learning_curve.class_curve import FACTORS
from tests.evaluation.learning_curve.planted import KINDS, NEVER, covers, planted_case

RESULT = Path(__file__).with_name("planted.json")
CASES = 100  # of each kind
FAST = 4  # of each kind


def counted():
    return json.loads(RESULT.read_text())


def keep(name, numbers):
    results = counted() if RESULT.exists() else {}
    results[name] = numbers
    RESULT.write_text(json.dumps(dict(sorted(results.items())), indent=1) + "\n")


def is_known(case):
    """Whether half is recognised somewhere in what is looked at."""
    return 0 < case.true < np.inf


@pytest.mark.simulation
@pytest.mark.parametrize("kind", KINDS)
def test_the_true_number_lies_within_the_interval(kind):
    seeds, known = range(CASES * 2), []
    for begin in range(0, len(seeds), 20):  # until there are enough that cross one half
        part = seeds[begin : begin + 20]
        known += [
            (seed, case)
            for seed, case in zip(
                part,
                joblib.Parallel(n_jobs=-1)(joblib.delayed(planted_case)(s, kind) for s in part),
                strict=True,
            )
            if is_known(case)
        ]
        if len(known) >= CASES:
            break
    known = known[:CASES]
    assert len(known) == CASES
    inside = [covers(case, case.true) for _, case in known]
    half = [case.curve.half for _, case in known]
    ratios = [each.high / each.low for each in half if each.low and each.high]
    recalls = np.array(
        [
            [
                low <= true <= high
                for true, low, high in zip(case.true_recalls, *bounds, strict=True)
            ]
            for _, case in known
            for bounds in [
                zip(*((p.recall_low, p.recall_high) for p in case.curve.expected), strict=True)
            ]
        ]
    )
    errors = [
        np.log2(h.images / case.true) for h, (_, case) in zip(half, known, strict=True) if h.images
    ]
    keep(
        kind,
        {
            "cases": CASES,
            "true number within": sum(inside),
            "no upper bound": sum(each.high is None for each in half),
            "median ratio of the bounds": round(float(np.median(ratios)), 2),
            "median factor between estimate and truth": round(
                float(2 ** np.median(np.abs(errors))), 2
            ),
            "recall within, by factor": dict(
                zip(map(str, FACTORS), recalls.mean(0).round(2).tolist(), strict=True)
            ),
            "truths": {str(seed): round(case.true, 2) for seed, case in known[:FAST]},
        },
    )
    assert sum(inside) >= 0.85 * CASES


@pytest.mark.simulation
def test_a_class_that_never_separates_is_never_given_a_number():
    cases = joblib.Parallel(n_jobs=-1)(
        joblib.delayed(planted_case)(seed, NEVER, with_truth=False) for seed in range(CASES)
    )
    half = [case.curve.half for case in cases]
    keep(
        NEVER,
        {
            "cases": CASES,
            "would not help": sum(each.low is None for each in half),
            "a number is told": sum(each.images is not None for each in half),
            "an upper bound is told": sum(each.high is not None for each in half),
        },
    )
    assert sum(each.high is not None for each in half) <= 0.1 * CASES


@pytest.mark.parametrize("kind", KINDS)
def test_most_of_a_few_cases_are_within(kind):
    truths = counted()[kind]["truths"]
    inside = [covers(planted_case(int(s), kind, with_truth=False), t) for s, t in truths.items()]
    assert len(inside) == FAST
    assert sum(inside) >= FAST - 1


def test_what_was_counted_is_within_the_bar():
    for kind in KINDS:
        assert counted()[kind]["true number within"] >= 0.85 * counted()[kind]["cases"]
    assert counted()[NEVER]["an upper bound is told"] <= 0.1 * counted()[NEVER]["cases"]


def test_a_class_that_never_separates_has_no_number():
    for seed in range(3):
        half = planted_case(seed, NEVER, with_truth=False).curve.half
        assert half.low is None or half.high is None
