"""Training without the images whose labels are likely wrong."""

import sys
from dataclasses import dataclass, replace

import numpy as np
import pytest

from benchmark.strategy import find
from benchmark.strategy.replaced import replaced_sentence
from strategies.drop_suspects import DropSuspects
from tests.evaluation.planted.bench import Bench
from tests.strategy.test_label_issues import clusters, with_noise


def kept_of(counts, share, distance=5.0, seed=0, max_fraction=0.3, min_images=10):
    """Which images are kept, and which are wrong."""
    features, truth = clusters(counts, distance, seed=seed)
    given = with_noise(truth, len(counts), share, seed)
    groups, rng = np.arange(len(given)), np.random.default_rng(seed)
    kept = DropSuspects(max_fraction, min_images)(features, given, groups, rng)
    return kept, given, given != truth


def test_wrong_labels_are_left_out():
    kept, _, wrong = kept_of([120] * 7, 0.18)
    assert wrong[~kept].mean() >= 0.85
    assert (~kept)[wrong].mean() >= 0.7


@pytest.mark.parametrize(("max_fraction", "min_images"), [(0.3, 10), (0.1, 10), (0.5, 1)])
def test_no_class_is_emptied(max_fraction, min_images):
    counts = [200, 60, 14, 5]
    kept, given, _ = kept_of(counts, 0.3, max_fraction=max_fraction, min_images=min_images)
    before, after = (np.bincount(labels, minlength=4) for labels in (given, given[kept]))
    assert (after >= np.minimum(before, min_images)).all()
    assert (before - after <= max_fraction * before).all()
    assert after.sum() < before.sum()


def test_the_worst_are_left_out_where_a_class_has_too_many():
    few, many = (kept_of([120] * 7, 0.18, max_fraction=each)[0] for each in (0.05, 0.3))
    assert (~few).sum() < (~many).sum()
    assert not (~few & many).any()


def test_copies_do_not_vouch_for_one_another():
    """Eight images of one class are there twice; both of a pair are labelled as another one."""
    features, labels = clusters([40, 40], 5.0)
    features = np.r_[features, features[:8]]
    labels = np.r_[labels, [1] * 8]
    labels[:8] = 1
    left_out = {}
    for name, groups in (("alone", np.arange(88)), ("together", np.r_[np.arange(80), :8])):
        kept = DropSuspects(0.3, 10)(features, labels, groups, np.random.default_rng(0))
        left_out[name] = (~kept)[np.r_[:8, 80:88]].sum()
    assert left_out["together"] > left_out["alone"]


@pytest.mark.parametrize("name", ["crt", "smote", "deferred_resampling", "deferred_reweighting"])
def test_later_stages_leave_out_the_same_images(name):
    strategy = find(f"{name}:base=drop_suspects")
    first, last = strategy.stages
    assert last.selection == first.selection == find("drop_suspects").stages[0].selection
    declared = [each for each in last.expectations if each.component == "selection"]
    assert declared == [each for each in first.expectations if each.component == "selection"] != []
    assert replaced_sentence(strategy, find("drop_suspects"), "drop_suspects") == ""


def test_it_keeps_what_its_base_does():
    strategy = find("drop_suspects", base="random_oversampling")
    base = find("random_oversampling")
    assert strategy.stages[0].sampler == base.stages[0].sampler
    assert strategy.decision == base.decision
    assert all(isinstance(stage.selection, DropSuspects) for stage in strategy.stages)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"max_fraction": 0.0}, "max_fraction must be above 0 and below 1, got 0.0"),
        ({"max_fraction": 1.0}, "max_fraction must be above 0 and below 1, got 1.0"),
        ({"min_images": 0}, "min_images must be 1 or more, got 0"),
    ],
)
def test_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        find("drop_suspects", **parameters)


def test_without_cleanlab_it_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "benchmark.strategy.label_issues", raising=False)
    monkeypatch.setitem(sys.modules, "cleanlab", None)
    strategy = find("drop_suspects")  # others are built, listed and trained as ever
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'imbalance-bench\[labels\]'"):
        strategy.stages[0].selection(
            np.zeros((4, 2)), np.array([0, 0, 1, 1]), np.arange(4), np.random.default_rng(0)
        )


@dataclass(frozen=True)
class HalfOfEach:
    """A selection that leaves out every second image of a class, whatever its label."""

    def __call__(self, features, labels, groups, rng):
        order = np.argsort(labels, kind="stable")
        kept = np.empty(len(labels), bool)
        kept[order] = np.arange(len(labels)) % 2 == 0
        kept[np.unique(labels, return_index=True)[1]] = True
        return kept


def audited(strategy):
    """Checks of the selection, of all others that fail."""
    checks = Bench().audited(strategy)
    return (
        [each for each in checks if each.component == "selection"],
        [each for each in checks if each.passed is False],
    )


def test_the_audit_counts_what_is_left_out():
    right = find("drop_suspects", max_fraction=0.45)
    planted = replace(right, stages=(replace(right.stages[0], selection=HalfOfEach()),))
    (check,), failed = audited(planted)
    assert check.passed is False, "half of a class is more than declared"
    assert failed == [check], "all else is right for the images that are kept"
    (check,), failed = audited(right)
    assert check.passed is not False
    assert not failed


@pytest.mark.parametrize("name", ["crt", "deferred_reweighting"])
def test_the_audit_checks_the_last_stage_too(name):
    right = find(f"{name}:base=drop_suspects,final_fraction=0.5")
    checks, failed = audited(right)
    assert len(checks) == 2
    assert not failed
    last = replace(right.stages[1], selection=HalfOfEach())
    checks, failed = audited(replace(right, stages=(right.stages[0], last)))
    assert [check.passed for check in checks][1:] == [False]
    assert failed == checks[1:]


def test_the_audit_says_of_every_strategy_that_nothing_is_left_out():
    (check,), failed = audited(find("no_change"))
    assert (check.passed, check.observed) == (True, "none of 117 images is left out")
    assert not failed
