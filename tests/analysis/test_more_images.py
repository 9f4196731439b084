"""What the seeds say of a class, and when nothing can be told."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.analysis.more_images import (
    MORE_IMAGES,
    ClassAnswer,
    class_answers,
    more_images_frame,
    read_more_images,
)
from benchmark.execution.class_curves import FILE, ClassCurves, SeedCurves
from benchmark.execution.run_folder import RunFolder
from tests.report.fabricate import fabricate_run, fabricated_curve

ANSWER = ClassAnswer(
    name="hat",
    train_count=20,
    test_count=30,
    recalls=(0.2, 0.3, 0.4, 0.6),
    bounds=((0.1, 0.3),) * 4,
    macro_f1=(0.5,) * 4,
    half=100,
    low=50,
    high=150,
    confuser=None,
)


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, "more"),
        ({"high": np.inf}, "more"),
        ({"half": np.inf, "high": np.inf}, "unknown"),
        ({"low": 10, "high": np.inf}, "unknown"),
        ({"low": 10}, "more"),
        ({"half": np.inf, "low": np.inf, "high": np.inf}, "never"),
        ({"half": 20, "low": 10, "high": 30}, "enough"),
        ({"test_count": 3}, "few test images"),
        ({"train_count": 2}, "few training images"),
    ],
)
def test_what_can_be_told(changes, answer):
    assert replace(ANSWER, **changes).answer == answer


def curves(*seeds):
    return ClassCurves(seeds=tuple(SeedCurves(seed, "", own) for seed, own in seeds))


def test_the_frame_has_a_row_for_each_number_of_images_of_each_seed():
    own = (fabricated_curve(0, 40), fabricated_curve(2, 10, half=None))
    frame = more_images_frame(curves((0, own), (1, own), (7, own)), "abc", [2, 1, 0], (0, 1))
    assert list(frame.columns) == MORE_IMAGES
    assert frame["seed"].unique().tolist() == [0, 1], "the run has no seed 7"
    assert frame["class"].unique().tolist() == ["c", "a"]
    mine = frame[(frame["seed"] == 0) & (frame["class"] == "a")]
    assert mine["images"].tolist() == [10, 20, 40, 40, 80, 160, 320]
    assert mine["kind"].tolist() == ["measured"] * 3 + ["expected"] * 4
    assert set(frame[frame["class"] == "c"]["half"]) == {np.inf}


def test_seeds_are_averaged_and_their_bounds_do_not_narrow():
    halves = {0: 60.0, 1: 100.0, 2: None}
    seeds = [(seed, (fabricated_curve(0, 40, half=half),)) for seed, half in halves.items()]
    answers = class_answers(more_images_frame(curves(*seeds), "a", [0], (0, 1, 2)))
    (answer,) = answers.values()
    assert answer.half == 100, "the median"
    assert (answer.low, answer.high) == (50, 200), "those of the middle seed"
    alone = class_answers(more_images_frame(curves(seeds[0]), "a", [0], (0,)))["a"]
    np.testing.assert_allclose(alone.bounds, answer.bounds)
    assert alone.half == 60
    assert (
        class_answers(more_images_frame(curves(*seeds[1:]), "a", [0], (1, 2)))["a"].half == np.inf
    )


def test_the_file_is_read_and_a_damaged_one_does_without(tmp_path):
    run = fabricate_run(strategies=("no_change",))
    run.write(tmp_path)
    files = RunFolder(tmp_path)
    classes = run.manifest.data.classes
    assert read_more_images(files, run.manifest, classes).empty
    written = curves((0, (fabricated_curve(0, 40),)))
    written.write(files)
    assert ClassCurves.read(files) == written
    assert set(read_more_images(files, run.manifest, classes)["class"]) == {classes[0]}
    file = tmp_path / FILE
    file.write_text(file.read_text().replace("0", "1", 1))
    assert read_more_images(files, run.manifest, classes).empty
