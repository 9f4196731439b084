"""The section on more images: what it tells, and what it does not."""

from dataclasses import replace

import pytest

from benchmark.analysis.more_images import class_answers, more_images_frame
from benchmark.evaluation.learning_curve.class_curve import ImagesNeeded
from benchmark.execution.class_curves import ClassCurves, SeedCurves
from benchmark.report.render.blocks import Details, Figure, Paragraph, Table
from benchmark.report.render.canvas import PAGE_WIDTH
from benchmark.report.single.csv_files import frames_of
from benchmark.report.single.more_images import draw_more_images, more_images_section
from benchmark.report.single.page import build_page
from tests.report.fabricate import fabricate, fabricated_curve

NAMES = ("big", "hat", "wire", "mesh", "twin", "tiny")


def with_curves(*changes, seeds=(0,)):
    """A run with the curves of NAMES, and of each class what `ClassCurve` has otherwise."""
    run = fabricate(classes=NAMES, strategies=("no_change", "focal_loss"), seeds=seeds)
    own = tuple(
        replace(fabricated_curve(label, 40), **change) for label, change in enumerate(changes)
    )
    curves = ClassCurves(seeds=tuple(SeedCurves(seed, "", own) for seed in seeds))
    frame = more_images_frame(curves, NAMES, range(len(NAMES)), seeds)
    # the fabricated baseline recognises the largest class, and the others are made to be missed
    recalls = run.class_recalls.copy()
    recalls.loc[recalls["class"] != "big", "recall"] = 0.1
    run = replace(run, more_images=frame)
    run.__dict__["class_recalls"] = recalls
    return run


NEVER, OPEN = ImagesNeeded(None, None, None), ImagesNeeded(None, 50.0, None)


@pytest.fixture
def run():
    enough = ImagesNeeded(30.0, 20.0, 38.0)
    few = {"test_images": 3}
    return with_curves(
        {}, {}, {"half": NEVER, "confuser": 0}, {"half": OPEN}, {"half": enough}, few
    )


def test_each_answer_has_a_sentence(run):
    texts = [block.text for block in more_images_section(run) if isinstance(block, Paragraph)]
    assert texts == [
        "More images, for half of a class to be recognised by a head on fixed features: about 60 "
        "of “hat” (10 to 160). In brackets the 90 % interval.",
        "More images of “wire” would not help: of 8 times as many, a head recognises 80 % of it "
        "(60 % to 90 %): it is confused with “big”.",
        "Images are not what `no_change` lacks for “twin”: a head on features of the pretrained "
        "network recognises half with those that there are. See why classes are ignored: mostly "
        "the class sizes, or too short a training.",
        "It can't be told for “mesh”, “tiny”: their images are too few to say.",
    ]


def test_the_table_has_the_missed_classes_and_the_others_are_folded(run):
    blocks = list(more_images_section(run))
    (table,) = (block for block in blocks if isinstance(block, Table))
    answers = {row.cells[0].text: row.cells[-1].text for row in table.rows}
    assert answers == {
        "hat": "about 60 (10 to 160)",
        "wire": "would not help, confused with big",
        "mesh": "can't be told (10 to more than 280)",
        "twin": "none",
        "tiny": "can't be told: 3 test images",
    }
    assert "held fixed" in table.caption
    assert table.csv in frames_of(run)
    (folded,) = (block for block in blocks if isinstance(block, Details))
    assert [row.cells[0].text for row in folded.blocks[0].rows] == ["big"]


def test_without_enough_test_images_no_number_is_told(run):
    (table,) = (block for block in more_images_section(run) if isinstance(block, Table))
    (tiny,) = (row for row in table.rows if row.cells[0].text == "tiny")
    assert {cell.text for cell in tiny.cells[4:-1]} == {"–"}


def test_one_image_of_one_class_is_no_images(run):
    lone = with_curves({}, {}, {}, {}, {}, {"test_images": 1})
    blocks = list(more_images_section(lone))
    sentences = [block.text for block in blocks if isinstance(block, Paragraph)]
    assert sentences[-1] == "It can't be told for “tiny”: its images are too few to say."
    (table,) = (block for block in blocks if isinstance(block, Table))
    assert table.rows[-1].cells[-1].text == "can't be told: 1 test image"


def test_the_figure_has_a_panel_for_each_missed_class_that_can_be_told(run):
    figure = draw_more_images(run)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["hat", "wire", "mesh", "twin"]
    assert figure.get_figwidth() * 72 <= PAGE_WIDTH
    answer = class_answers(run.more_images)["hat"]
    assert tuple(figure.axes[0].lines[0].get_ydata()) == answer.recalls
    assert [block for block in more_images_section(run) if isinstance(block, Figure)]


def test_several_seeds_are_one_row(run):
    two = with_curves({}, {}, {}, {}, {}, {}, seeds=(0, 1))
    (table,) = (block for block in more_images_section(two) if isinstance(block, Table))
    assert len(table.rows) == 5
    assert table.caption.endswith("Mean over 2 seeds.")


def test_a_run_without_curves_has_no_section():
    run = fabricate(strategies=("no_change",))
    assert not list(more_images_section(run))
    assert draw_more_images(run) is None
    assert "more_images.csv" not in frames_of(run)


def test_the_page_has_it_below_why_classes_are_ignored(run):
    ids = [section.id for section in build_page(run).sections]
    assert ids.index("more_images") == ids.index("audit") - 1
