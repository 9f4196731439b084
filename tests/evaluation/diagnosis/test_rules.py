"""The table: every row can be reached, none trips over a signal that is missing."""

import string

import numpy as np
import pytest

from benchmark.evaluation.diagnosis.rules import CAUSES, COMPONENTS, RULES, THRESHOLDS, first_match
from benchmark.evaluation.diagnosis.signals import SIGNALS

SEPARATED = dict.fromkeys(("network_auc", "probe_auc", "separability_auc"), 0.9) | dict.fromkeys(
    ("confuser_auc", "probe_confuser_auc", "confuser_separability"), 0.85
)
TYPICAL = {
    "recall": 0.0,
    "train_images": 40,
    "evidence_images": 12,
    "argmax_recall": 0.0,
    "prior_free_recall": 0.6,
    "prior_free_cost": 0.03,
    "confuser_images": 12,
    "confuser_share": 0.6,
    "confuser_share_of_others": 0.05,
    "network_recall_of_others": 0.8,
    "probe_recall_of_others": 0.8,
    "scale": 1.0,
    "mcfadden_r2": 0.7,
    "loss_fall": 0.02,
}
PRIOR = dict.fromkeys(SIGNALS, np.nan) | TYPICAL | SEPARATED
SAME_AS_CONFUSER = {"confuser_auc": 0.5, "probe_confuser_auc": 0.5, "confuser_separability": 0.5}
NOT_SEPARATED = {"network_auc": 0.55, "probe_auc": 0.55, "separability_auc": 0.55}
WEAK = {"network_recall_of_others": 0.3, "probe_recall_of_others": 0.35}
HALF = {"prior_free_recall": 0.4}
EARLY = HALF | {"loss_fall": 0.3}
EXPECTED = [
    ({"train_images": 9}, 0, "too few images"),
    ({"train_images": 0, "evidence_images": 0}, 0, "too few images"),
    ({"evidence_images": 5}, 1, "undetermined"),
    ({"argmax_recall": 0.5}, 2, "prior bias"),
    ({"network_recall_of_others": 0.3}, 3, "under-trained"),
    (SAME_AS_CONFUSER, 4, "confusable"),
    (SAME_AS_CONFUSER | NOT_SEPARATED, 4, "confusable"),
    (SAME_AS_CONFUSER | {"confuser_share": 0.3}, 4, "confusable"),
    ({"network_auc": 0.7}, 5, "under-trained"),
    ({}, 6, "prior bias"),
    ({"prior_free_cost": np.nan}, 6, "prior bias"),
    (WEAK, 6, "prior bias"),
    (EARLY | {"prior_free_recall": 0.6}, 6, "prior bias"),
    (EARLY, 7, "under-trained"),
    (HALF | {"scale": 1.4, "mcfadden_r2": 0.2}, 8, "under-trained"),
    (HALF | {"scale": 3.0, "mcfadden_r2": 0.5}, 8, "under-trained"),
    (NOT_SEPARATED, 9, "wrong labels"),
    (NOT_SEPARATED | SAME_AS_CONFUSER | {"confuser_share": 0.2}, 9, "wrong labels"),
    (HALF, 10, "prior bias"),
    (NOT_SEPARATED | SAME_AS_CONFUSER | {"confuser_share_of_others": 0.4}, 9, "wrong labels"),
    (NOT_SEPARATED | WEAK, 11, "undetermined"),
    ({"prior_free_recall": 0.2}, 12, "undetermined"),
    ({"prior_free_cost": 0.4}, 12, "undetermined"),
    (SAME_AS_CONFUSER | {"confuser_images": 5}, 12, "undetermined"),
    (
        SAME_AS_CONFUSER | {"confuser_share_of_others": 0.4},
        12,
        "undetermined",
    ),  # it takes everyone's images
    (SAME_AS_CONFUSER | {"confuser_auc": 0.62, "confuser_separability": 0.66}, 12, "undetermined"),
    (SAME_AS_CONFUSER | {"probe_confuser_auc": 0.85}, 12, "undetermined"),
]


@pytest.mark.parametrize(("change", "row", "cause"), EXPECTED)
def test_rows_by_example(change, row, cause):
    rule = first_match(PRIOR | change)
    assert rule is RULES[row]
    assert rule.cause == cause


def test_every_row_has_an_example():
    assert {row for _, row, _ in EXPECTED} == set(range(len(RULES)))


def test_no_signal_is_needed_for_an_answer():
    assert first_match(dict.fromkeys([*SIGNALS, "recall"], np.nan)) is RULES[-1]
    for name in SIGNALS:
        first_match(PRIOR | {name: np.nan})


def test_rows_are_filled_in():
    for rule in RULES:
        assert rule.cause in CAUSES
        assert rule.suggestions
        assert set(rule.suggestions) <= set(COMPONENTS)
        assert len(set(rule.suggestions)) == len(rule.suggestions)
        fields = {name for _, name, _, _ in string.Formatter().parse(rule.explanation) if name}
        assert fields <= {*SIGNALS, *THRESHOLDS, "recall", "confuser"}
        assert rule.condition[0].islower()
        assert not rule.condition.endswith(".")
        assert "{" not in rule.condition
        assert rule.explanation.endswith(".")
        assert rule.source or rule.cause == "undetermined"
