"""For each clause a plug-in that breaks it, and is told so in words."""

import re
import textwrap

import pytest

from benchmark.contract import CLAUSES, check, said
from benchmark.contract.clause import Case
from benchmark.contract.key import key_knows_its_source
from benchmark.plugins import load_plugin
from benchmark.strategy import Stage, registry

pytestmark = pytest.mark.usefixtures("forgotten")
HEAD = """
import random
from dataclasses import dataclass, field

import numpy as np
import torch

from benchmark.strategy import *

@dataclass(frozen=True)
class Part:
"""

# clause, what the component does, how it stands in the strategy, what is said
BAD = [
    (
        "pickles",
        "x: object = field(default_factory=lambda: (lambda: 1))\n"
        "def __call__(self, logits, target, counts): return CrossEntropy()(logits, target, counts)",
        "stages=(Stage(loss=Part()),)",
        "pickle",
    ),
    (
        "has_a_stable_key",
        "x: float = field(default_factory=random.random)\n"
        "def __call__(self, logits, target, counts): return CrossEntropy()(logits, target, counts)",
        "stages=(Stage(loss=Part()),)",
        "two builds of it have different keys",
    ),
    (
        "one_finite_value_an_image",
        "def __call__(self, logits, target, counts):\n"
        "    return CrossEntropy()(logits, target, counts).mean()",
        "stages=(Stage(loss=Part()),)",
        r"shape \(\) for 6 images; return one value an image, \(6,\)",
    ),
    (
        "one_finite_value_an_image",
        "def __call__(self, logits, target, counts):\n"
        "    return -(target * logits.softmax(1).log()).sum(1)",
        "stages=(Stage(loss=Part()),)",
        "logits of about 60 it is .*nan.*use log_softmax",
    ),
    (
        "one_finite_value_an_image",
        "def __call__(self, logits, target, counts):\n"
        "    p = (target * logits.softmax(1)).sum(1)\n"
        "    return (1 - p) ** 0.5",
        "stages=(Stage(loss=Part()),)",
        "its gradient is not",
    ),
    (
        "in_proportion_to_its_target",
        "def __call__(self, logits, target, counts):\n"
        "    return CrossEntropy()(logits, target, counts) ** 2",
        "stages=(Stage(loss=Part()),)",
        "write it as a sum over classes of target x something",
    ),
    (
        "cross_entropy_on_equal_classes",
        "def __call__(self, logits, target, counts):\n"
        "    return CrossEntropy()(logits, target / counts, counts)",
        "stages=(Stage(loss=Part()),)",
        "0.0333 0.0333 .*weights must have mean 1",
    ),
    (
        "draws_by_its_rng_alone",
        "def __call__(self, labels, rng): return np.random.permutation(len(labels))",
        "stages=(Stage(sample=Part()),)",
        "draw with `rng` alone",
    ),
    (
        "draws_by_its_rng_alone",
        "def __call__(self, labels, rng): return np.arange(len(labels))",
        "stages=(Stage(sample=Part()),)",
        "another generator gives the same draws",
    ),
    (
        "draws_by_its_rng_alone",
        "def __call__(self, labels, rng): return rng.permutation(len(labels)) + 1",
        "stages=(Stage(sample=Part()),)",
        "positions from 1 to 61 of 61 images",
    ),
    (
        "draws_by_its_rng_alone",
        "def __call__(self, labels, rng): return rng.random(len(labels))",
        "stages=(Stage(sample=Part()),)",
        "whole numbers .*got float64",
    ),
    (
        "leaves_other_images_alone",
        "def changes(self, copy): return copy > 0\n"
        "def __call__(self, images, copy, rng): return images.float()",
        "stages=(Stage(augment=Part()),)",
        r"became \(5, 3, 32, 32\) torch.float32",
    ),
    (
        "leaves_other_images_alone",
        "def changes(self, copy): return True\n"
        "def __call__(self, images, copy, rng): return images",
        "stages=(Stage(augment=Part()),)",
        "bool",
    ),
    (
        "leaves_other_images_alone",
        "def changes(self, copy): return copy > 0\n"
        "def __call__(self, images, copy, rng): return torch.randint_like(images, 255)",
        "stages=(Stage(augment=Part()),)",
        "draw with `rng` alone",
    ),
    (
        "shows_the_first_as_it_is",
        "def changes(self, copy): return copy >= 0\n"
        "def __call__(self, images, copy, rng): return 255 - images",
        "stages=(Stage(augment=Part(), effects=(RepeatsAltered(),)),)",
        r"declares RepeatsAltered, .*\[True, True, True\]",
    ),
    (
        "mixes_within_bounds",
        "def __call__(self, images, target, counts, rng):\n"
        "    return images + images.flip(0), (target + target.flip(0)) / 2",
        "stages=(Stage(mix=Part()),)",
        "pixels from 0 to 255 became",
    ),
    (
        "mixes_within_bounds",
        "def __call__(self, images, target, counts, rng):\n"
        "    return (images + images.flip(0)) / 2, target + target.flip(0)",
        "stages=(Stage(mix=Part()),)",
        r"targets sum to \[2.0",
    ),
    (
        "makes_up_rows_that_fit",
        "def __call__(self, features, labels, rng): return features[:, :2], labels",
        "stages=(Stage(synthesise=Part(), trains='head'),)",
        r"rows must be \(S, 6\)",
    ),
    (
        "fitted_on_validation_alone",
        "def fit(self, validation, counts): return lambda outputs: outputs.labels",
        "decide=Part()",
        "it looks at the labels of what it decides on",
    ),
    (
        "fitted_on_validation_alone",
        "def fit(self, validation, counts):\n"
        "    validation.logits[:] = 0\n"
        "    return AddOffset((0.0,) * len(counts))",
        "decide=Part()",
        "fit changed the logits",
    ),
    (
        "fitted_on_validation_alone",
        "def fit(self, validation, counts): return lambda outputs: outputs.logits",
        "decide=Part()",
        r"labels \(7,\) from 0 to 3; got \(7, 4\)",
    ),
    (
        "declares_what_it_changes",
        "def __call__(self, labels, rng): return rng.permutation(len(labels))[:9]",
        "stages=(Stage(sample=Part()),)",
        "it changes draws and declares no effect of that",
    ),
    (
        "declares_what_it_changes",
        "x: int = 0",
        "stages=(Stage(effects=(WeighedAs(1),)),)",
        "declares an effect of loss, but changes nothing there",
    ),
    (
        "is_seen_to_take_effect",
        "def __call__(self, logits, target, counts):\n"
        "    return CrossEntropy()(logits, target, counts)",
        "stages=(Stage(loss=Part(), effects=(WeighedAs(1),)),)",
        "not seen: the loss weighs a class by",
    ),
]


def load(folder, component, strategy):
    file = folder / "bad.py"
    built = f"def bad() -> Strategy:\n    'Mine.'\n    return Strategy({strategy})\n"
    file.write_text(f"{HEAD}{textwrap.indent(component, '    ')}\n\n@strategy\n{built}")
    load_plugin(file)
    return registry.registered()["bad"]


def wrong(entry, name):
    """What is said of one clause."""
    (clause,) = (one for one in CLAUSES if one.__name__ == name)
    try:
        clause(Case(entry, entry.build()))
    except Exception as error:
        return said(error, entry)
    return ""


@pytest.mark.parametrize(("clause", "component", "strategy", "says"), BAD)
def test_what_breaks_a_clause_is_told_so(tmp_path, clause, component, strategy, says):
    assert re.search(says, wrong(load(tmp_path, component, strategy), clause))


def test_every_clause_is_broken_by_something():
    assert {clause for clause, *_ in BAD} | {key_knows_its_source.__name__} == {
        clause.__name__ for clause in CLAUSES
    }


def test_a_source_that_the_key_does_not_hold_is_seen(tmp_path, monkeypatch):
    loss = (
        "def __call__(self, logits, target, counts): return CrossEntropy()(logits, target, counts)"
    )
    entry = load(tmp_path, loss, "stages=(Stage(loss=Part()),)")
    assert not wrong(entry, "key_knows_its_source")
    monkeypatch.setattr("benchmark.strategy.identity._source", lambda code: "the same whatever")
    assert "whose source the key does not hold" in wrong(entry, "key_knows_its_source")


def test_an_error_is_told_with_its_line_in_the_file(tmp_path):
    loss = "def __call__(self, logits, target, counts): return logits.nothing"
    entry = load(tmp_path, loss, "stages=(Stage(loss=Part()),)")
    told = "AttributeError: 'Tensor' object has no attribute 'nothing' (bad.py, line 12)"
    assert wrong(entry, "one_finite_value_an_image") == told


@pytest.mark.parametrize(
    ("returned", "says"),
    [(Stage(), "return a Strategy"), (None, "return a Strategy")],
)
def test_what_cannot_be_built_is_told_at_once(returned, says):
    """As in a notebook; such a file is broken as a whole."""

    @registry.strategy
    def bad():
        """Mine."""
        return returned

    (finding,) = check(registry.registered()["bad"])
    assert re.search(says, finding.wrong)
