"""The table: every row can be reached, none trips over a signal that is missing."""

import string

import numpy as np
import pytest

from benchmark.evaluation.diagnosis.rule import CAUSES, COMPONENTS, THRESHOLDS
from benchmark.evaluation.diagnosis.rules import RULES, first_match
from benchmark.evaluation.diagnosis.signals import SIGNALS

SEPARATED = dict.fromkeys(("network_auc", "probe_auc", "separability_auc", "transfer_auc"), 0.9)
APART = dict.fromkeys(("confuser_auc", "probe_confuser_auc", "confuser_separability"), 0.85)
TYPICAL = {
    "recall": 0.0,
    "train_images": 40,
    "evidence_images": 12,
    "argmax_recall": 0.0,
    "validation_recall": 0.0,
    "split_p": 1.0,
    "moved_to_runner_up": 1.0,
    "identical_images": 0.0,
    "prior_free_recall": 0.6,
    "prior_free_cost": 0.03,
    "confuser_images": 12,
    "confuser_share": 0.6,
    "confuser_share_of_others": 0.05,
    "network_recall_of_others": 0.8,
    "probe_recall_of_others": 0.8,
    "sureness_auc": 0.5,
    "train_recall": 0.3,
    "train_recall_of_others": 0.9,
    "train_neighbours": 1.0,
    "test_neighbours": 1.0,
    "transfer_confuser_auc": 0.8,
    "linear_confuser_auc": 0.5,
    "products_confuser_auc": 0.5,
    "loss_fall": 0.02,
}
PRIOR = dict.fromkeys(SIGNALS, np.nan) | TYPICAL | SEPARATED | APART
SAME_AS_CONFUSER = {"confuser_auc": 0.5, "probe_confuser_auc": 0.5, "confuser_separability": 0.5}
NOT_SEPARATED = {**dict.fromkeys(SEPARATED, 0.55), "prior_free_recall": 0.1}
WEAK = {"network_recall_of_others": 0.3, "probe_recall_of_others": 0.35}
UNLEARNT = WEAK | {"network_recall_of_others": 0.2, "train_recall_of_others": 0.2}
HALF = {"prior_free_recall": 0.4}
APART_FROM_TRAINING = {"train_recall": 0.9, "train_neighbours": 0.1}
LEARNT = {"train_recall": 0.9, "train_neighbours": 0.75}
BY_HEART = HALF | {
    **{"train_recall": 1.0, "train_recall_of_others": 1.0, "network_recall_of_others": 0.5},
    **{"probe_auc": 0.6, "separability_auc": 0.7, "transfer_auc": 0.7},
}
SWAPPED = {"transfer_auc": 0.6, "transfer_confuser_auc": 0.2}
TEST_ALONE = "test images unlike training images"
EXPECTED = [
    ({"identical_images": 0.6}, 0, "undetermined"),
    ({"identical_images": 0.6, "train_images": 3}, 0, "undetermined"),
    ({"train_images": 9}, 3, "too few images"),
    ({"train_images": 9} | APART_FROM_TRAINING, 1, "test images unlike training images"),
    ({"train_images": 9, "evidence_images": 5} | APART_FROM_TRAINING, 3, "too few images"),
    (APART_FROM_TRAINING | {"probe_auc": 0.7}, 1, "test images unlike training images"),
    ({"split_p": 0.05, "test_neighbours": 0.2, "train_recall": 0.9}, 2, TEST_ALONE),
    (
        {"split_p": 0.05, "test_neighbours": 0.2, "train_recall": 0.9, "train_images": 9},
        2,
        TEST_ALONE,
    ),
    ({"train_images": 9} | SWAPPED, 12, "training labels unlike these"),
    ({"train_images": 9, "transfer_auc": 0.6}, 3, "too few images"),
    ({"train_images": 0, "evidence_images": 0}, 3, "too few images"),
    ({"argmax_recall": 0.5}, 4, "prior bias"),
    ({"argmax_recall": 0.5, "moved_to_runner_up": np.nan}, 4, "prior bias"),  # few classes
    ({"argmax_recall": 0.5, "moved_to_runner_up": 0.1}, 5, "undetermined"),
    ({"split_p": 0.005}, 13, "undetermined"),
    ({"split_p": 0.005} | SAME_AS_CONFUSER, 13, "undetermined"),
    (
        SWAPPED | SAME_AS_CONFUSER | {"products_confuser_auc": 0.7},
        12,
        "training labels unlike these",
    ),
    (
        SAME_AS_CONFUSER | {"products_confuser_auc": 0.7, "transfer_auc": 0.6},
        11,
        "not linearly separable",
    ),
    ({"train_images": 16, "evidence_images": 4, "prior_free_recall": 0.25}, 6, "too few images"),
    ({"train_images": 16, "evidence_images": 4}, 7, "undetermined"),  # the prior may be the cause
    ({"train_images": 20, "evidence_images": 5, "prior_free_recall": 0}, 7, "undetermined"),
    ({"train_recall": np.nan, "train_recall_of_others": np.nan}, 8, "undetermined"),
    ({"network_recall_of_others": 0.3, "train_recall_of_others": 0.3}, 9, "under-trained"),
    (UNLEARNT, 9, "under-trained"),  # a probe separates the class
    ({"train_recall": 0.9, "train_neighbours": 0.1}, 1, "test images unlike training images"),
    (WEAK | {"train_recall_of_others": 0.35}, 10, "weak features"),
    (UNLEARNT | {"probe_auc": 0.7}, 10, "weak features"),
    ({"transfer_auc": 0.6}, 12, "training labels unlike these"),
    ({"transfer_auc": 0.6} | SAME_AS_CONFUSER, 12, "training labels unlike these"),
    ({"transfer_confuser_auc": 0.2, "confuser_auc": 0.1}, 12, "training labels unlike these"),
    (SAME_AS_CONFUSER | {"products_confuser_auc": 0.7}, 11, "not linearly separable"),
    (
        SAME_AS_CONFUSER | NOT_SEPARATED | {"products_confuser_auc": 0.7},
        11,
        "not linearly separable",
    ),
    (
        SAME_AS_CONFUSER | {"products_confuser_auc": 0.66, "linear_confuser_auc": 0.61},
        14,
        "confusable",
    ),
    (SAME_AS_CONFUSER | {"products_confuser_auc": 0.6}, 20, "undetermined"),  # perhaps a border
    (SAME_AS_CONFUSER, 14, "confusable"),
    (SAME_AS_CONFUSER | NOT_SEPARATED, 14, "confusable"),
    (SAME_AS_CONFUSER | {"confuser_share": 0.3}, 14, "confusable"),
    ({}, 15, "prior bias"),
    ({"prior_free_cost": np.nan}, 15, "prior bias"),
    ({"train_recall": 0.9}, 15, "prior bias"),
    (
        {"network_recall_of_others": 0.3},
        15,
        "prior bias",
    ),  # on test images alone: not under-trained
    ({"prior_free_recall": 0.3, "train_images": 19}, 16, "too few images"),
    (BY_HEART, 17, "over-fitted"),
    (NOT_SEPARATED, 18, "wrong labels"),
    (NOT_SEPARATED | SAME_AS_CONFUSER | {"confuser_share": 0.2}, 18, "wrong labels"),
    ({"loss_fall": 0.3}, 19, "under-trained"),  # though the decision follows the prior
    (HALF | {"loss_fall": 0.3}, 19, "under-trained"),
    (NOT_SEPARATED | WEAK, 20, "undetermined"),
    (NOT_SEPARATED | {"sureness_auc": 0.2}, 20, "undetermined"),  # it lies between the classes
    (LEARNT, 20, "undetermined"),  # images of it are hardly like training images
    ({"train_recall": 0.9, "train_neighbours": 0.4, "probe_auc": 0.7}, 20, "undetermined"),
    ({"train_neighbours": 0.5, "transfer_auc": 0.6}, 20, "undetermined"),
    (BY_HEART | {"sureness_auc": 0.6, "transfer_auc": 0.75}, 20, "undetermined"),
    ({"prior_free_recall": 0.2}, 20, "undetermined"),
    ({"prior_free_cost": 0.4}, 20, "undetermined"),
    (
        SAME_AS_CONFUSER | {"confuser_images": 5, "products_confuser_auc": 0.9},
        20,
        "undetermined",
    ),
    (SAME_AS_CONFUSER | {"confuser_images": 5}, 20, "undetermined"),
    (SAME_AS_CONFUSER | {"confuser_share_of_others": 0.5}, 20, "undetermined"),  # takes everyone's
    (SAME_AS_CONFUSER | {"confuser_auc": 0.62, "confuser_separability": 0.66}, 20, "undetermined"),
    (SAME_AS_CONFUSER | {"probe_confuser_auc": 0.85}, 20, "undetermined"),
]


@pytest.mark.parametrize(("change", "row", "cause"), EXPECTED)
def test_rows_by_example(change, row, cause):
    rule = first_match(PRIOR | change)
    assert rule is RULES[row]
    assert rule.cause == cause


def test_every_row_has_an_example():
    assert {row for _, row, _ in EXPECTED} == set(range(len(RULES)))


def test_no_signal_is_needed_for_an_answer():
    assert first_match(dict.fromkeys([*SIGNALS, "recall"], np.nan)).cause == "undetermined"
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


def test_every_signal_is_read_by_a_rule():
    class Reads(dict):
        def __getitem__(self, name):
            read.add(name)
            return super().__getitem__(name)

    read = set()
    for change, _, _ in EXPECTED:
        for rule in RULES:
            rule.holds(Reads(PRIOR | change))
    displayed = {
        name for rule in RULES for _, name, _, _ in string.Formatter().parse(rule.explanation)
    }
    assert set(SIGNALS) - read - displayed == {
        "network_auc"
    }  # the network's part of separability_auc
