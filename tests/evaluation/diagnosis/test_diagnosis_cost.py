"""A diagnosis of many classes and images: what it reads and holds at a time."""

import tracemalloc

import numpy as np
import pytest

from benchmark.evaluation.diagnosis.evidence import Evidence
from benchmark.evaluation.diagnosis.signals import measure
from benchmark.strategy import chunks
from benchmark.strategy.outputs import Outputs

CLASSES, IMAGES = 200, 2000  # of each split


@pytest.fixture
def evidence(monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK", 2**14)
    rng = np.random.default_rng(0)
    labels = np.arange(IMAGES) % CLASSES
    logits = rng.normal(size=(IMAGES, CLASSES)).astype(np.float32)
    split = Outputs(logits, rng.normal(size=(IMAGES, 3)).astype(np.float16), labels)
    return lambda: Evidence(split, split, logits.argmax(1), np.full(CLASSES, 50))


def test_another_class_reads_its_images_and_columns_not_all_logits(evidence, monkeypatch):
    read = []

    def logits_of(self, *arguments, original=Evidence.logits_of):
        logits = original(self, *arguments)
        read.append(logits.size)
        return logits

    monkeypatch.setattr(Evidence, "logits_of", logits_of)
    sums = []
    for classes in (1, 11):
        read.clear()
        measure(evidence(), range(classes))
        sums.append(sum(read))
    assert (sums[1] - sums[0]) / 10 < 2 * IMAGES * CLASSES / 10


def test_no_copy_of_all_logits_in_double_precision_is_made(evidence):
    inputs = evidence()
    measure(evidence(), [0])  # what is imported and kept at first use
    tracemalloc.start()
    measure(inputs, range(3))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.5 * inputs.logits.nbytes  # a copy as they are stored is one of them
