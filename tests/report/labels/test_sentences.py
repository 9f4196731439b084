"""Sentences follow from the numbers."""

from benchmark.analysis.label_tables import LabelTables
from benchmark.report.labels.sentences import (
    agreement_sentence,
    conflicts_sentence,
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


def test_rates_of_head_and_tail_and_their_ratio():
    some = tables(LONG_TAIL, [*range(6), 60, 61, 62])
    assert rates_sentence(some) == (
        "Of the rarest classes' labels .250 are flagged (3 of 12), of the most common classes' "
        ".100 (6 of 60): 2.5 times as often."
    )
    assert rates_sentence(tables(LONG_TAIL, [60])).endswith(".000 (0 of 60).")
    none = rates_sentence(tables([0, 0, 1, 1, 2, 2]))
    assert none == "No class is counted as rare, so there are no rates to compare."


def test_a_tail_that_is_flagged_much_more_often_is_a_warning_unless_it_may_be_chance():
    assert not tail_warning(tables(LONG_TAIL, [*range(6), 60, 61, 62]))
    assert "more than twice as often" in tail_warning(tables(LONG_TAIL, range(60, 72)))
    assert not tail_warning(tables(LONG_TAIL, range(92)))
    assert not tail_warning(tables([0, 0, 1, 1, 2, 2], [0]))


def test_heads_that_agree_with_few_labels_are_not_believed():
    right = tables([0, 0, 1, 2], suggested=[0, 0, 1, 2])
    assert agreement_sentence(right) == (
        "The heads agree with 100 % of a class's labels on average."
    )
    wrong = agreement_sentence(tables([0] * 20 + [1, 2], suggested=[0] * 22))
    assert "agree with 33 % of a class's labels on average. That is little" in wrong


def test_copies():
    assert not conflicts_sentence(tables([0, 1, 2]))
    assert conflicts_sentence(tables([0, 1, 2], conflicts=[(0, 1)])) == (
        "1 pair of images looks the same and has different labels."
    )
    both = tables([0, 1, 2], conflicts=[(0, 1), (0, 2)])
    assert conflicts_sentence(both).startswith("2 pairs of images look the same and have")
