"""Sentences follow from the numbers."""

from benchmark.analysis.label_tables import LabelTables
from benchmark.report.labels.sentences import (
    agreement_sentence,
    conflicts_sentence,
    edited_sentence,
    not_judged_sentence,
    rates_sentence,
    tail_warning,
    verdict,
)
from tests.analysis.label_audits import make_audit

LONG_TAIL = [0] * 60 + [1] * 12 + [2] * 20


def tables(labels, suspect=(), **more):
    return LabelTables.from_audit(make_audit(labels, suspect, **more))


def test_one_many_and_none():
    assert verdict(tables([0, 0, 1, 2])) == "None of 4 labels looks wrong."
    assert verdict(tables([0, 0, 1, 2], (0,))) == "1 of 4 labels looks wrong (25.0 %)."
    assert verdict(tables([0, 0, 1, 2], (0, 1))) == "2 of 4 labels look wrong (50.0 %)."


def test_rates_of_the_largest_and_the_rarest_and_their_ratio():
    some = tables(LONG_TAIL, [*range(6), 60, 61, 62])
    assert rates_sentence(some) == (
        "25.0 % (3 of 12) of the rarest classes' labels are flagged, and 10.0 % (6 of 60) of the "
        "largest classes': 2.5 times as often."
    )
    none_of_the_largest = rates_sentence(tables(LONG_TAIL, [60]))
    assert none_of_the_largest.endswith("0.0 % (0 of 60) of the largest classes'.")
    none = rates_sentence(tables([0, 0, 1, 1, 2, 2]))
    assert none == "No class is counted as rare, so there are no rates to compare."


def test_a_tail_that_is_flagged_much_more_often_is_a_warning_unless_it_may_be_chance():
    assert not tail_warning(tables(LONG_TAIL, [*range(6), 60, 61, 62]))
    assert "more than twice as often" in tail_warning(tables(LONG_TAIL, range(60, 72)))
    assert not tail_warning(tables(LONG_TAIL, range(92)))
    assert not tail_warning(tables([0, 0, 1, 1, 2, 2], [0]))


def test_classifiers_that_agree_with_few_labels_are_not_believed():
    right = tables([0, 0, 1, 2], suggested=[0, 0, 1, 2])
    assert agreement_sentence(right) == (
        "Linear classifiers predict the label of an image that they have not seen in 100 % of "
        "cases (mean over classes)."
    )
    wrong = agreement_sentence(tables([0] * 20 + [1, 2], suggested=[0] * 22))
    assert "in 33 % of cases (mean over classes). That is little: many wrong labels pass" in wrong
    wrong = agreement_sentence(tables([0] * 20 + [1, 2], [0], suggested=[0] * 22))
    assert "That is little: many labels that look wrong will be right" in wrong


def test_what_cannot_be_judged():
    assert not not_judged_sentence(tables(LONG_TAIL))
    single = tables([0, 0, 1, 1, 2], not_judged=(4,))
    assert not_judged_sentence(single) == (
        "Can't be judged: 1 class with one image (emu). They count in no rate."
    )
    copies = tables([0] * 5 + [1, 1, 2], not_judged=(0, 5, 6, 7))
    assert not_judged_sentence(copies) == (
        "Can't be judged: 1 class with one image (emu), 1 class whose images are all copies or of "
        "one group (dog) and 1 more image whose class is in no other fold. They count in no rate."
    )
    unread = tables([0] * 5 + [1] * 5 + [2], readable=range(10))
    assert not_judged_sentence(unread) == (
        "Can't be judged: 1 class without an image that can be read (emu). They count in no rate."
    )
    assert rates_sentence(unread).startswith("No class is counted as rare")
    alone = tables([0, 0, 1, 2], readable=(2,), not_judged=(2,))
    assert not_judged_sentence(alone) == (
        "Can't be judged: all images that can be read are of one class (dog)."
    )
    nothing = tables([0, 1, 2], not_judged=(0, 1, 2))
    assert verdict(nothing) == "No label can be judged."
    assert "3 classes with one image (cat, dog, emu)" in not_judged_sentence(nothing)
    assert not agreement_sentence(nothing)


def test_rates_of_what_cannot_be_judged():
    some = tables(LONG_TAIL, not_judged=range(60, 72))
    assert rates_sentence(some).startswith("No label of the rarest classes can be judged")
    other = tables(LONG_TAIL, not_judged=range(60))
    assert rates_sentence(other).startswith("No label of the largest classes can be judged")
    assert not tail_warning(some)


def test_edited_files():
    assert edited_sentence([], "a.csv", False) == ""
    assert edited_sentence(["a.csv"], "a-2.csv", True) == (
        "a.csv was edited by a person and stays as it is. a-2.csv has the corrected labels that "
        "were judged."
    )
    assert edited_sentence(["a.csv", "a-2.csv"], "a-3.csv", False) == (
        "a.csv and a-2.csv were edited by a person and stay as they are. a-3.csv has none of these "
        "corrections: --labels FILE takes those of a file."
    )


def test_copies():
    assert not conflicts_sentence(tables([0, 1, 2]))
    assert conflicts_sentence(tables([0, 1, 2], conflicts=[(0, 1)])) == (
        "1 pair of images looks the same and has different labels."
    )
    both = tables([0, 1, 2], conflicts=[(0, 1), (0, 2)])
    assert conflicts_sentence(both).startswith("2 pairs of images look the same and have")
