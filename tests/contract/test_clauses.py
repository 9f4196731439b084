"""For each clause a plug-in that breaks it, and is told so in words."""

import os
import re
import sys
import textwrap

import pytest

from benchmark.contract import CLAUSES, check, said
from benchmark.contract.clause import Case
from benchmark.contract.key import key_of
from benchmark.plugins import load_plugin
from benchmark.strategy import Stage, registry

pytestmark = pytest.mark.usefixtures("forgotten")
HEAD = """
import os
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
        "has_a_stable_key",
        "x: int = os.getpid()\n"
        "def __call__(self, logits, target, counts): return CrossEntropy()(logits, target, counts)",
        "stages=(Stage(loss=Part()),)",
        "another process gives it the key .* Is there .* a process's number",
    ),
    (
        "key_knows_its_source",
        "pass\nmade = {'CrossEntropy': CrossEntropy}\nexec('class Made(CrossEntropy): pass', made)",
        "stages=(Stage(loss=Part.made['Made']()),)",
        "Made comes from builtins, whose source the key does not hold.*class in the file",
    ),
    (
        "one_finite_value_an_image",
        "def __call__(self, logits, target, counts): pass",
        "stages=(Stage(loss=Part()),)",
        r"it is None for 6 images; return one value an image, \(6,\), as a tensor",
    ),
    (
        "one_finite_value_an_image",
        "def __call__(self, logits, target, counts):\n"
        "    return CrossEntropy()(logits.detach(), target, counts)",
        "stages=(Stage(loss=Part()),)",
        "does not depend on the logits.*without detach",
    ),
    (
        "one_finite_value_an_image",
        "def __call__(self, logits, target, counts):\n"
        "    counts /= counts.sum()\n"
        "    return CrossEntropy()(logits, target, counts)",
        "stages=(Stage(loss=Part()),)",
        "changed the counts that it was given",
    ),
    (
        "one_finite_value_an_image",
        "def __call__(self, logits, target, counts):\n"
        "    target *= 1 / counts\n"
        "    return CrossEntropy()(logits, target, counts)",
        "stages=(Stage(loss=Part()),)",
        "changed the targets that it was given",
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
        "stages=(Stage(sampler=Part()),)",
        "draw with `rng` alone",
    ),
    (
        "draws_by_its_rng_alone",
        "def __call__(self, labels, rng): return np.arange(len(labels))",
        "stages=(Stage(sampler=Part()),)",
        "another generator gives the same draws",
    ),
    (
        "draws_by_its_rng_alone",
        "def __call__(self, labels, rng): return rng.permutation(len(labels)) + 1",
        "stages=(Stage(sampler=Part()),)",
        "positions from 1 to 61 of 61 images",
    ),
    (
        "draws_by_its_rng_alone",
        "def __call__(self, labels, rng): return rng.random(len(labels))",
        "stages=(Stage(sampler=Part()),)",
        "whole numbers .*got float64",
    ),
    (
        "draws_by_its_rng_alone",
        "def __call__(self, labels, rng):\n"
        "    rng.shuffle(labels)\n"
        "    return rng.permutation(len(labels))",
        "stages=(Stage(sampler=Part()),)",
        "changed the labels that it was given",
    ),
    (
        "leaves_other_images_alone",
        "def __call__(self, images, copy, rng): return images",
        "stages=(Stage(augmentation=Part()),)",
        r"Part has no method changes\(copy\)",
    ),
    (
        "leaves_other_images_alone",
        "def changes(self, copy): return copy > 0\n"
        "def __call__(self, images, copy, rng): return images.float()",
        "stages=(Stage(augmentation=Part()),)",
        r"became \(5, 3, 32, 32\) torch.float32",
    ),
    (
        "leaves_other_images_alone",
        "def changes(self, copy): return True\n"
        "def __call__(self, images, copy, rng): return images",
        "stages=(Stage(augmentation=Part()),)",
        r"each of 5 images whether it is altered, \(5,\) bool; got True",
    ),
    (
        "leaves_other_images_alone",
        "def changes(self, copy): return copy > 0\n"
        "def __call__(self, images, copy, rng): return torch.randint_like(images, 255)",
        "stages=(Stage(augmentation=Part()),)",
        "draw with `rng` alone",
    ),
    (
        "shows_the_first_as_it_is",
        "def changes(self, copy): return copy >= 0\n"
        "def __call__(self, images, copy, rng): return 255 - images",
        "stages=(Stage(augmentation=Part(), expectations=(RepeatsAugmented(),)),)",
        r"declares RepeatsAugmented, .*\[True, True, True\]",
    ),
    (
        "mixes_within_bounds",
        "def __call__(self, images, target, counts, rng): return images",
        "stages=(Stage(mixing=Part()),)",
        r"images and targets must be returned, as two; got \(8, 3, 16, 16\) torch.float32",
    ),
    (
        "mixes_within_bounds",
        "def __call__(self, images, target, counts, rng):\n"
        "    counts /= counts.sum()\n"
        "    return images, target",
        "stages=(Stage(mixing=Part()),)",
        "changed the counts that it was given",
    ),
    (
        "mixes_within_bounds",
        "def __call__(self, images, target, counts, rng):\n"
        "    return images, target[np.random.permutation(8)]",
        "stages=(Stage(mixing=Part()),)",
        "another mix the second time; draw with `rng` alone",
    ),
    (
        "mixes_within_bounds",
        "def __call__(self, images, target, counts, rng):\n"
        "    return images + images.flip(0), (target + target.flip(0)) / 2",
        "stages=(Stage(mixing=Part()),)",
        "pixels from 0 to 255 became",
    ),
    (
        "mixes_within_bounds",
        "def __call__(self, images, target, counts, rng):\n"
        "    return (images + images.flip(0)) / 2, target + target.flip(0)",
        "stages=(Stage(mixing=Part()),)",
        r"targets sum to \[2.0",
    ),
    (
        "makes_up_rows_that_fit",
        "def __call__(self, features, labels, rng): return features[:, :2], labels",
        "stages=(Stage(synthesizer=Part(), train_from='head'),)",
        r"rows must be \(S, 6\)",
    ),
    (
        "makes_up_rows_that_fit",
        "def __call__(self, features, labels, rng): return features",
        "stages=(Stage(synthesizer=Part(), train_from='head'),)",
        r"rows and labels must be returned, as two; got \(61, 6\) float32",
    ),
    (
        "makes_up_rows_that_fit",
        "def __call__(self, features, labels, rng):\n"
        "    features += 1\n"
        "    return features, labels",
        "stages=(Stage(synthesizer=Part(), train_from='head'),)",
        "changed the features of the images",
    ),
    (
        "fitted_on_validation_alone",
        "def fit(self, validation, counts):\n"
        "    validation.head[:] = 0\n"
        "    return AddOffset((0.0,) * len(counts))",
        "decision=Part()",
        "fit changed the head",
    ),
    (
        "fitted_on_validation_alone",
        "def fit(self, validation, counts): pass",
        "decision=Part()",
        "fit must return a rule, outputs -> labels; got None",
    ),
    (
        "fitted_on_validation_alone",
        "def fit(self, validation, counts):\n"
        "    return lambda outputs: (outputs.logits - outputs.logits.mean(0)).argmax(1)",
        "decision=Part()",
        "looks at all of the test images",
    ),
    (
        "fitted_on_validation_alone",
        "def fit(self, validation, counts): return lambda outputs: outputs.labels",
        "decision=Part()",
        "it looks at the labels of what it decides on",
    ),
    (
        "fitted_on_validation_alone",
        "def fit(self, validation, counts):\n"
        "    validation.logits[:] = 0\n"
        "    return AddOffset((0.0,) * len(counts))",
        "decision=Part()",
        "fit changed the logits",
    ),
    (
        "fitted_on_validation_alone",
        "def fit(self, validation, counts): return lambda outputs: outputs.logits",
        "decision=Part()",
        r"labels \(7,\) from 0 to 3; got \(7, 4\)",
    ),
    (
        "declares_what_it_changes",
        "def __call__(self, labels, rng): return rng.permutation(len(labels))[:9]",
        "stages=(Stage(sampler=Part()),)",
        "it changes draws and declares no effect of that",
    ),
    (
        "declares_what_it_changes",
        "x: int = 0",
        "stages=(Stage(expectations=(ExpectClassWeights(1),)),)",
        "declares an effect of loss, but changes nothing there",
    ),
    (
        "is_seen_to_take_effect",
        "def __call__(self, logits, target, counts):\n"
        "    return CrossEntropy()(logits, target, counts)",
        "stages=(Stage(loss=Part(), expectations=(ExpectClassWeights(1),)),)",
        "not seen: the loss weighs a class by",
    ),
    (
        "is_seen_to_take_effect",
        "x: int = 0",
        "stages=(Stage(train_from='Mixed_9'),)",
        "trains Mixed_9, which is no block of inception_v3; allowed are head, .*Mixed_7c",
    ),
    (
        "is_seen_to_take_effect",
        "def __call__(self, width, classes): return torch.nn.Linear(width, classes + 1)",
        "head=Part()",
        r"the head must give logits \(5, 4\); got \(5, 5\) torch.float32",
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
    assert {clause for clause, *_ in BAD} == {clause.__name__ for clause in CLAUSES}


LOSS = (
    "def __call__(self, logits, target, counts): return 2 * CrossEntropy()(logits, target, counts)"
)
STAGE = "stages=(Stage(loss=Part()),)"


def test_a_source_that_the_key_does_not_hold_is_seen(tmp_path, monkeypatch):
    entry = load(tmp_path, LOSS, STAGE)
    assert not wrong(entry, "key_knows_its_source")
    monkeypatch.setattr("benchmark.strategy.fingerprint._source", lambda code: "the same whatever")
    assert "whose source the key does not hold" in wrong(entry, "key_knows_its_source")


def test_an_edit_of_the_file_changes_the_key(tmp_path):
    key = key_of(load(tmp_path, LOSS, STAGE).build())
    assert key_of(load(tmp_path, LOSS.replace("2 *", "30 *"), STAGE).build()) != key
    assert key_of(load(tmp_path, LOSS + "  # twice", STAGE).build()) == key


HELPED = """
def __call__(self, logits, target, counts):
    return [{0}(one) for one in logits]
def fit(self, validation, counts):
    return {0}
"""


@pytest.mark.parametrize(
    ("component", "strategy"),
    [
        (HELPED.format("helped"), STAGE),
        (HELPED.format("beside"), STAGE),
        (HELPED.format("helped"), "decision=Part()"),
        ("x: float = helped(1.0)", STAGE),  # its value is in the key
    ],
)
def test_code_in_a_file_beside_it_must_be_in_the_key(tmp_path, monkeypatch, component, strategy):
    """An edit there would be served the results of before it."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "helper_beside", raising=False)
    (tmp_path / "helper_beside.py").write_text("def helped(x): return 2 * x\n")
    functions = "from helper_beside import helped\ndef beside(x): return helped(x)\n"
    monkeypatch.setitem(globals(), "HEAD", functions + HEAD)
    said = wrong(load(tmp_path, component, strategy), "key_knows_its_source")
    told = "Part uses helped of helper_beside.py, whose source the key does not hold"
    assert said.startswith(told) if component.startswith("\n") else not said


def test_a_file_that_fails_in_another_process_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setenv("ONLY_IN", str(os.getpid()))
    fails = "\nassert os.environ['ONLY_IN'] == str(os.getpid()), 'not here'"
    said = wrong(load(tmp_path, LOSS + fails, STAGE), "has_a_stable_key")
    assert "another process has no such strategy: " in said
    assert "AssertionError: not here (line 14)" in said


def test_a_file_that_prints_is_none_the_worse_for_it(tmp_path):
    assert not wrong(load(tmp_path, LOSS + "\nprint('hello', end='')", STAGE), "has_a_stable_key")


def test_a_stage_may_ask_for_other_blocks_than_the_head(tmp_path):
    """Though other strategies are tried on the head alone."""
    entry = load(tmp_path, "x: int = 0", "stages=(Stage(0.5), Stage(0.5, train_from='Mixed_7c'))")
    assert not wrong(entry, "is_seen_to_take_effect")


def test_an_error_is_told_with_its_line_in_the_file(tmp_path):
    loss = "def __call__(self, logits, target, counts): return logits.nothing"
    entry = load(tmp_path, loss, "stages=(Stage(loss=Part()),)")
    told = "AttributeError: 'Tensor' object has no attribute 'nothing' (bad.py, line 13)"
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
