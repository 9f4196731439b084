"""Each check is failed by some plug-in, with an error that says what is wrong."""

import os
import re
import textwrap

import numpy as np
import pytest

from benchmark.contract.case import Case
from benchmark.contract.checks import CHECKS, check_strategy, error_sentence
from benchmark.contract.files_read import uncovered_files, watch_reads
from benchmark.contract.key import key_of
from benchmark.plugins import load_plugin
from benchmark.strategy import Stage, registry, strategy

pytestmark = pytest.mark.usefixtures("forgotten")
HEAD = """
import os
import random
from dataclasses import dataclass, field

import numpy as np

from benchmark.strategy import *

@dataclass(frozen=True)
class Part:
"""

# check, code of the component, its use in the strategy, the error
BAD = [
    (
        "check_pickles",
        "x: object = field(default_factory=lambda: (lambda: 1))\n"
        "def __call__(self, logits, target, counts): return CrossEntropy()(logits, target, counts)",
        "stages=(Stage(loss=Part()),)",
        "pickle",
    ),
    (
        "check_key_is_stable",
        "x: float = field(default_factory=random.random)\n"
        "def __call__(self, logits, target, counts): return CrossEntropy()(logits, target, counts)",
        "stages=(Stage(loss=Part()),)",
        "two builds of it have different keys",
    ),
    (
        "check_key_is_stable",
        "x: int = os.getpid()\n"
        "def __call__(self, logits, target, counts): return CrossEntropy()(logits, target, counts)",
        "stages=(Stage(loss=Part()),)",
        "its key is .* in this process and .* in another.* Is there .* a process's number",
    ),
    (
        "check_key_covers_source",
        "pass\nmade = {'CrossEntropy': CrossEntropy}\nexec('class Made(CrossEntropy): pass', made)",
        "stages=(Stage(loss=Part.made['Made']()),)",
        "Made comes from builtins, and the key does not cover its source.*class in the file",
    ),
    (
        "check_loss_is_finite",
        "def __call__(self, logits, target, counts): pass",
        "stages=(Stage(loss=Part()),)",
        r"it is None for 6 images; return one value for each image, \(6,\), as a tensor",
    ),
    (
        "check_loss_is_finite",
        "def __call__(self, logits, target, counts):\n"
        "    return CrossEntropy()(logits.detach(), target, counts)",
        "stages=(Stage(loss=Part()),)",
        "does not depend on the logits.*without detach",
    ),
    (
        "check_loss_is_finite",
        "def __call__(self, logits, target, counts):\n"
        "    counts /= counts.sum()\n"
        "    return CrossEntropy()(logits, target, counts)",
        "stages=(Stage(loss=Part()),)",
        "it changed its argument counts",
    ),
    (
        "check_loss_is_finite",
        "def __call__(self, logits, target, counts):\n"
        "    target *= 1 / counts\n"
        "    return CrossEntropy()(logits, target, counts)",
        "stages=(Stage(loss=Part()),)",
        "it changed its argument targets",
    ),
    (
        "check_loss_is_finite",
        "def __call__(self, logits, target, counts):\n"
        "    return CrossEntropy()(logits, target, counts).mean()",
        "stages=(Stage(loss=Part()),)",
        r"shape \(\) for 6 images; return one value for each image, \(6,\)",
    ),
    (
        "check_loss_is_finite",
        "def __call__(self, logits, target, counts):\n"
        "    return -(target * logits.softmax(1).log()).sum(1)",
        "stages=(Stage(loss=Part()),)",
        "logits of about 60: it is .*nan.*use log_softmax",
    ),
    (
        "check_loss_is_finite",
        "def __call__(self, logits, target, counts):\n"
        "    p = (target * logits.softmax(1)).sum(1)\n"
        "    return (1 - p) ** 0.5",
        "stages=(Stage(loss=Part()),)",
        "its gradient is not",
    ),
    (
        "check_loss_is_linear_in_target",
        "def __call__(self, logits, target, counts):\n"
        "    return CrossEntropy()(logits, target, counts) ** 2",
        "stages=(Stage(loss=Part()),)",
        "write it as a sum over classes of target x something",
    ),
    (
        "check_loss_is_cross_entropy_on_equal_classes",
        "def __call__(self, logits, target, counts):\n"
        "    return CrossEntropy()(logits, target / counts, counts)",
        "stages=(Stage(loss=Part()),)",
        "0.0333, 0.0333, .*weights must have mean 1",
    ),
    (
        "check_selection",
        "def __call__(self, features, labels, groups, rng): return np.flatnonzero(labels)",
        "stages=(Stage(selection=Part()),)",
        r"\(61,\) bool; got \(21,\) int64",
    ),
    (
        "check_selection",
        "def __call__(self, features, labels, groups, rng): return labels < 3",
        "stages=(Stage(selection=Part()),)",
        r"it keeps \[40, 15, 5, 0\]; keep some of every class",
    ),
    (
        "check_selection",
        "def __call__(self, features, labels, groups, rng):\n"
        "    return (np.random.rand(len(labels)) < 0.5) | (labels == 3)",
        "stages=(Stage(selection=Part()),)",
        "draw with `rng` alone",
    ),
    (
        "check_selection",
        "def __call__(self, features, labels, groups, rng):\n"
        "    features -= features.mean(0)\n"
        "    return features[:, 0] < 9",
        "stages=(Stage(selection=Part()),)",
        "it changed its arguments features, labels or groups",
    ),
    (
        "check_sampler",
        "def __call__(self, labels, rng): return np.random.permutation(len(labels))",
        "stages=(Stage(sampler=Part()),)",
        "draw with `rng` alone",
    ),
    (
        "check_sampler",
        "def __call__(self, labels, rng): return np.arange(len(labels))",
        "stages=(Stage(sampler=Part()),)",
        "another generator gives the same draws",
    ),
    (
        "check_sampler",
        "def __call__(self, labels, rng): return rng.permutation(len(labels)) + 1",
        "stages=(Stage(sampler=Part()),)",
        "indices from 1 to 61 of 61 images",
    ),
    (
        "check_sampler",
        "def __call__(self, labels, rng): return rng.random(len(labels))",
        "stages=(Stage(sampler=Part()),)",
        "whole numbers .*got float64",
    ),
    (
        "check_sampler",
        "def __call__(self, labels, rng):\n"
        "    rng.shuffle(labels)\n"
        "    return rng.permutation(len(labels))",
        "stages=(Stage(sampler=Part()),)",
        "it changed its argument labels",
    ),
    (
        "check_augmentation",
        "def __call__(self, images, repeat_index, rng): return images",
        "stages=(Stage(augmentation=Part()),)",
        r"Part has no method selects\(repeat_index\)",
    ),
    (
        "check_augmentation",
        "def selects(self, repeat_index): return repeat_index > 0\n"
        "def __call__(self, images, repeat_index, rng): return images.float()",
        "stages=(Stage(augmentation=Part()),)",
        r"became \(5, 3, 32, 32\) torch.float32",
    ),
    (
        "check_augmentation",
        "def selects(self, repeat_index): return True\n"
        "def __call__(self, images, repeat_index, rng): return images",
        "stages=(Stage(augmentation=Part()),)",
        r"for 5 images whether each is augmented, \(5,\) bool; got True",
    ),
    (
        "check_augmentation",
        "def selects(self, repeat_index): return repeat_index > 0\n"
        "def __call__(self, images, repeat_index, rng): return images.random_(0, 255)",
        "stages=(Stage(augmentation=Part()),)",
        "draw with `rng` alone",
    ),
    (
        "check_first_occurrences",
        "def selects(self, repeat_index): return repeat_index >= 0\n"
        "def __call__(self, images, repeat_index, rng): return 255 - images",
        "stages=(Stage(augmentation=Part(), expectations=(RepeatsAugmented(),)),)",
        r"declares RepeatsAugmented, .*\[True, True, True\]",
    ),
    (
        "check_mixing",
        "def __call__(self, images, target, counts, rng): return images",
        "stages=(Stage(mixing=Part()),)",
        r"images and targets must be returned as a tuple of two; got \(8, 3, 16, 16\)",
    ),
    (
        "check_mixing",
        "def __call__(self, images, target, counts, rng):\n"
        "    counts /= counts.sum()\n"
        "    return images, target",
        "stages=(Stage(mixing=Part()),)",
        "it changed its argument counts",
    ),
    (
        "check_mixing",
        "def __call__(self, images, target, counts, rng):\n"
        "    return images, target[np.random.permutation(8)]",
        "stages=(Stage(mixing=Part()),)",
        "mixes otherwise the second time; draw with `rng` alone",
    ),
    (
        "check_mixing",
        "def __call__(self, images, target, counts, rng):\n"
        "    return images + images.flip(0), (target + target.flip(0)) / 2",
        "stages=(Stage(mixing=Part()),)",
        "pixels from 0 to 255 became",
    ),
    (
        "check_mixing",
        "def __call__(self, images, target, counts, rng):\n"
        "    return (images + images.flip(0)) / 2, target + target.flip(0)",
        "stages=(Stage(mixing=Part()),)",
        r"targets sum to \[2.0",
    ),
    (
        "check_synthesizer",
        "def __call__(self, features, labels, rng): return features[:, :2], labels",
        "stages=(Stage(synthesizer=Part(), train_from='head'),)",
        r"rows must be \(S, 6\)",
    ),
    (
        "check_synthesizer",
        "def __call__(self, features, labels, rng): return features",
        "stages=(Stage(synthesizer=Part(), train_from='head'),)",
        r"rows and labels must be returned as a tuple of two; got \(61, 6\) float32",
    ),
    (
        "check_synthesizer",
        "def __call__(self, features, labels, rng):\n"
        "    features += 1\n"
        "    return features, labels",
        "stages=(Stage(synthesizer=Part(), train_from='head'),)",
        "it changed its argument features",
    ),
    (
        "check_decision_sees_validation_only",
        "def fit(self, validation, counts):\n"
        "    validation.head[:] = 0\n"
        "    return OffsetArgmax((0.0,) * len(counts))",
        "decision=Part()",
        "fit changed its argument head",
    ),
    (
        "check_decision_sees_validation_only",
        "def fit(self, validation, counts): pass",
        "decision=Part()",
        "fit must return a rule, outputs -> labels; got None",
    ),
    (
        "check_decision_sees_validation_only",
        "def fit(self, validation, counts):\n"
        "    return lambda outputs: (outputs.logits - outputs.logits.mean(0)).argmax(1)",
        "decision=Part()",
        "uses all of the test images",
    ),
    (
        "check_decision_sees_validation_only",
        "def fit(self, validation, counts): return self\n"
        "def __call__(self, outputs): return outputs.logits.argmax(1)\n"
        "def calibrated(self, outputs):\n"
        "    outputs.logits[:] -= outputs.logits.mean(0)\n"
        "    return outputs",
        "decision=Part()",
        "uses all of the test images",
    ),
    (
        "check_decision_sees_validation_only",
        "def fit(self, validation, counts): return lambda outputs: outputs.labels",
        "decision=Part()",
        "it uses the labels of the images that it decides on",
    ),
    (
        "check_decision_sees_validation_only",
        "def fit(self, validation, counts):\n"
        "    validation.logits[:] = 0\n"
        "    return OffsetArgmax((0.0,) * len(counts))",
        "decision=Part()",
        "fit changed its argument logits",
    ),
    (
        "check_decision_sees_validation_only",
        "def fit(self, validation, counts): return lambda outputs: outputs.logits",
        "decision=Part()",
        r"labels \(7,\) from 0 to 3; got \(7, 4\)",
    ),
    (
        "check_expectations_match_components",
        "def __call__(self, labels, rng): return rng.permutation(len(labels))[:9]",
        "stages=(Stage(sampler=Part()),)",
        "it changes sampler and declares no expectation of it.*such as ExpectClassSampling$",
    ),
    (
        "check_expectations_match_components",
        "x: int = 0",
        "stages=(Stage(expectations=(ExpectClassWeights(1),)),)",
        "declares an expectation of loss, but does not change it",
    ),
    (
        "check_passes_audit",
        "def __call__(self, logits, target, counts):\n"
        "    return CrossEntropy()(logits, target, counts)",
        "stages=(Stage(loss=Part(), expectations=(ExpectClassWeights(1),)),)",
        "the audit fails: the loss weights a class by",
    ),
    (
        "check_passes_audit",
        "x: int = 0",
        "stages=(Stage(train_from='Mixed_9'),)",
        "trains from Mixed_9, which is no block of inception_v3; allowed are head, .*Mixed_7c",
    ),
    (
        "check_passes_audit",
        "def __call__(self, width, classes): return LinearHead()(width, classes + 1)",
        "head=Part()",
        r"the head must return logits \(5, 4\); got \(5, 5\) torch.float32",
    ),
]


def load(folder, component, strategy):
    file = folder / "bad.py"
    function = f"def bad() -> Strategy:\n    'Mine.'\n    return Strategy({strategy})\n"
    file.write_text(f"{HEAD}{textwrap.indent(component, '    ')}\n\n@strategy\n{function}")
    load_plugin(file)
    return registry.registered().get("bad")


def error_of(entry, name):
    """The error of one check, '' if the strategy passes it."""
    (check,) = (check for check in CHECKS if check.__name__ == name)
    try:
        check(Case(entry, entry.build()))
    except Exception as error:
        return error_sentence(error, entry)
    return ""


@pytest.mark.parametrize(("check", "component", "strategy", "message"), BAD)
def test_the_error_of_a_failed_check_says_what_is_wrong(
    tmp_path, check, component, strategy, message
):
    assert re.search(message, error_of(load(tmp_path, component, strategy), check))


def test_each_check_is_failed_by_some_strategy():
    assert {check for check, *_ in BAD} == {check.__name__ for check in CHECKS}


LOSS = (
    "def __call__(self, logits, target, counts): return 2 * CrossEntropy()(logits, target, counts)"
)
STAGE = "stages=(Stage(loss=Part()),)"


def test_a_source_that_the_key_does_not_cover_is_noticed(tmp_path, monkeypatch):
    entry = load(tmp_path, LOSS, STAGE)
    assert not error_of(entry, "check_key_covers_source")
    monkeypatch.setattr("benchmark.strategy.fingerprint.code_hashes", lambda code: ["the same"])
    assert "the key does not cover its source" in error_of(entry, "check_key_covers_source")


def test_an_edit_of_the_file_changes_the_key(tmp_path):
    key = key_of(load(tmp_path, LOSS, STAGE).build())
    assert key_of(load(tmp_path, LOSS.replace("2 *", "30 *"), STAGE).build()) != key
    assert key_of(load(tmp_path, LOSS + "  # twice", STAGE).build()) == key


def test_an_edit_of_a_file_beside_it_changes_the_key(tmp_path):
    """A file that holds only a constant counts; a remark in it does not."""
    loss = "def __call__(self, logits, target, counts): return logits * GAMMA"
    helper = tmp_path / "settings_beside.py"

    def key(text):
        helper.write_text(text)
        component = f"from settings_beside import GAMMA\n{loss}"
        return key_of(load(tmp_path, component, STAGE).build())

    assert key("GAMMA = 1") == key("# a remark\nGAMMA = 1")
    assert key("GAMMA = 1") != key("GAMMA = 2")


READS = """
def __call__(self, logits, target, counts):
    import importlib
    other = importlib.import_module("_".join(["tricky", "file"]))
    factor = np.load({file!r}) * other.FACTOR + len(open(np.__file__).read()) * 0
    return CrossEntropy()(logits, target, counts) * float(factor.mean())
"""


def test_what_it_reads_when_it_runs_is_named(tmp_path):
    np.save(tmp_path / "factors.npy", np.ones(3))
    (tmp_path / "tricky_file.py").write_text("FACTOR = 1")
    watch_reads()
    entry = load(tmp_path, READS.format(file=str(tmp_path / "factors.npy")), STAGE)
    assert not error_of(entry, "check_loss_is_finite")
    notes = list(uncovered_files(entry))
    assert len(notes) == 2
    text = "\n".join(notes)
    assert re.search(r"It reads .*factors\.npy \(bad\.py, line 16\), .* no part of its key", text)
    assert re.search(r"It loads .*tricky_file\.py \(bad\.py, line 15\), .* import it by its", text)
    (tmp_path / "out.txt").write_text("what this file itself reads or writes is no matter")
    assert list(uncovered_files(entry)) == notes


def test_what_it_imports_by_name_is_not_named(tmp_path):
    (tmp_path / "plain_file.py").write_text("FACTOR = 1")
    watch_reads()
    loss = LOSS.replace("2 *", "plain_file.FACTOR *")
    entry = load(tmp_path, f"import plain_file\n{loss}", STAGE)
    assert not list(uncovered_files(entry))


def test_what_a_package_reads_while_it_is_imported_is_not_named(tmp_path, monkeypatch):
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (tmp_path / "cache.json").write_text("{}")
    cache = str(tmp_path / "cache.json")
    (installed / "reads_its_cache.py").write_text(f"CACHE = open({cache!r}).read()")
    monkeypatch.syspath_prepend(installed)
    watch_reads()
    entry = load(tmp_path, f"import reads_its_cache\n{LOSS}", STAGE)
    assert not list(uncovered_files(entry))


def test_data_that_are_read_at_the_import_are_covered(tmp_path):
    (tmp_path / "factor.txt").write_text("1")
    watch_reads()
    file = str(tmp_path / "factor.txt")
    entry = load(tmp_path, f"FACTOR = float(open({file!r}).read())\n{LOSS}", STAGE)
    assert not list(uncovered_files(entry))
    assert not error_of(entry, "check_key_is_stable")


def test_a_file_that_fails_in_another_process_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("ONLY_IN", str(os.getpid()))
    fails = "\nassert os.environ['ONLY_IN'] == str(os.getpid()), 'not here'"
    error = error_of(load(tmp_path, LOSS + fails, STAGE), "check_key_is_stable")
    assert "another process has no such strategy: " in error
    assert "AssertionError: not here (line 13)" in error


def test_a_file_may_print(tmp_path):
    assert not error_of(
        load(tmp_path, LOSS + "\nprint('hello', end='')", STAGE), "check_key_is_stable"
    )


def test_a_stage_may_train_other_blocks_than_the_head(tmp_path):
    """Other strategies are trained on the head alone."""
    entry = load(tmp_path, "x: int = 0", "stages=(Stage(0.5), Stage(0.5, train_from='Mixed_7c'))")
    assert not error_of(entry, "check_passes_audit")


def test_an_error_has_its_line_in_the_file(tmp_path):
    loss = "def __call__(self, logits, target, counts): return logits.nothing"
    entry = load(tmp_path, loss, "stages=(Stage(loss=Part()),)")
    message = "AttributeError: 'Tensor' object has no attribute 'nothing' (bad.py, line 12)"
    assert error_of(entry, "check_loss_is_finite") == message


@pytest.mark.parametrize(
    ("returned", "message"),
    [(Stage(), "return a Strategy"), (None, "return a Strategy")],
)
def test_a_strategy_that_cannot_be_built_fails_at_once(returned, message):
    """As in a notebook; a file with such a strategy is broken as a whole."""

    @strategy
    def bad():
        """Mine."""
        return returned

    (outcome,) = check_strategy(registry.registered().get("bad"))
    assert re.search(message, outcome.error)
