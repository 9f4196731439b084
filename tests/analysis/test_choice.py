"""The sentence on the strategy that is best on validation."""

from benchmark.analysis.choice import Choice


def test_what_could_be_chance_is_said_with_the_shares_of_both():
    sentence = Choice("no_change", 0.5, 0.25, "class_weights", 0.25, 4).sentence
    assert "That could be chance: it is the best in 25% of 1,000 resamples" in sentence
    assert sentence.endswith("and class_weights in 25%.")


def test_what_is_sure_and_what_is_not_known():
    assert "That is sure" in Choice("no_change", 0.5, 0.96, "class_weights", 0.04, 2).sentence
    unknown = Choice("no_change", 0.5, float("nan"), None, float("nan"), 2).sentence
    assert unknown.endswith("How sure that is, is not known.")
