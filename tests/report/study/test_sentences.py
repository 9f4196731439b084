"""What a study says follows from its numbers: planted outcomes change the text."""

from __future__ import annotations

from benchmark.report.study import sentences, setting_sentences
from tests.report.study.tables import BASE, best_cell, change, planted, remedy, share


def remedies(*rows, **base) -> str:
    return " ".join(sentences.remedy_sentences(planted(base, remedies=rows)))


def test_the_baseline_is_told_with_its_ignored_classes():
    assert sentences.baseline_sentence(planted()) == (
        "In the run in question (`fine-tune=head,label-noise=0.18`: the settings that the question "
        "is about), plain fine-tuning, `no_change`, is right for .500 of the test images (95 %: "
        ".450 to .550) and agrees with the labels of .520 of its training images; its macro-F1 is "
        ".300. It never predicts 8 of 17 classes (mean over the seeds). The largest of those has "
        "90 training images; the largest class of all has 600, the smallest 6."
    )
    whole = sentences.baseline_sentence(planted({"never_predicted": 0.0, "classes": 7}))
    assert whole.endswith("It predicts all 7 classes.")
    single = sentences.baseline_sentence(planted({"seeds": 1, "never_predicted": 1.0}))
    assert "It never predicts 1 of 17 classes. That class has 90 training images;" in single
    equal = sentences.baseline_sentence(planted({"largest_class": 32, "smallest_class": 32}))
    assert equal.endswith(
        "It never predicts 8 of 17 classes (mean over the seeds). Each class has "
        "32 training images."
    )
    chosen = sentences.baseline_sentence(planted({"strategy": "a", "plain": False}))
    assert "is about), the baseline, `a`, is right for .500" in chosen


def test_too_little_and_by_heart_are_told_apart():
    little = sentences.fit_sentence(planted({"accuracy": 0.5, "train_accuracy": 0.52}))
    assert little.startswith("It learns too little rather than by heart")
    heart = sentences.fit_sentence(planted({"accuracy": 0.5, "train_accuracy": 0.68}))
    assert heart == (
        "It learns part of its training images by heart (.680 on training images, .500 on test "
        "images)."
    )
    assert sentences.fit_sentence(planted({"accuracy": 0.6, "train_accuracy": 0.7})) == ""
    assert sentences.fit_sentence(planted({"accuracy": 0.96, "train_accuracy": 0.97})) == ""
    wide = {"accuracy": 0.5, "accuracy_high": 0.9, "train_accuracy": 0.68}
    assert sentences.fit_sentence(planted(wide)) == ""  # the gap may be chance


def test_under_label_noise_the_wrong_labels_tell_what_is_learnt():
    """A network that sees through 18 % of wrong labels agrees with .82 of them: no under-fit."""
    sees = {"accuracy": 0.99, "train_accuracy": 0.81, "as_given": 0.01, "as_right": 0.98}
    assert sentences.fit_sentence(planted(sees)) == (
        "Of the training images with a wrong label, it predicts .010 as that label says and .980 "
        "as they are: it sees through more of them than it has learnt by heart."
    )
    heart = sentences.fit_sentence(planted({"as_given": 0.6, "as_right": 0.3}))
    assert heart.endswith("it has learnt more of them by heart than it sees through.")
    equal = sentences.fit_sentence(planted({"as_given": 0.3001, "as_right": 0.3}))
    assert equal.endswith("it has learnt as many of them by heart as it sees through.")


def test_causes_are_named_with_their_classes():
    assert sentences.cause_sentence(planted()) == (
        "Plain fine-tuning ignores 8 classes (at most one test image in ten is recognised; mean "
        "over the seeds) and never predicts them. Likely causes: prior bias (5) and too few images "
        "(3)."
    )
    single = planted({"seeds": 1, "plain": False}, causes=[("undetermined", 1.0, 0.0)])
    assert sentences.cause_sentence(single) == (
        "The baseline ignores 1 class (at most one test image in ten is recognised). The cause is "
        "not clear."
    )
    some = planted(causes=[("prior bias", 2.0, 1.0), ("undetermined", 0.5, 0.0)])
    assert sentences.cause_sentence(some) == (
        "Plain fine-tuning ignores 2.5 classes (at most one test image in ten is recognised; mean "
        "over the seeds); 1 of them is never predicted. Likely cause: prior bias (2). The cause of "
        "0.5 is not clear."
    )
    only = planted(causes=[("prior bias", 1.0, 1.0)])
    assert "over the seeds) and never predicts it. Likely" in sentences.cause_sentence(only)
    assert sentences.cause_sentence(planted(causes=())).startswith("No class is ignored")


def test_remedies_that_predict_every_class_are_named():
    text = remedies(remedy("a"), remedy("b"), remedy("c"))
    assert "`a`, `b` and `c` predict every class under every seed." in text
    assert "leave some out" not in text
    few = remedies(remedy("a"), remedy("b", 2.5), remedy("c", 1))
    assert "`a` predicts every class under every seed." in few
    assert (
        "The others leave some out, where the baseline leaves out 8 (mean over the seeds, with "
        "the likely causes): `c` 1 (too few images 1); `b` 2.5 (too few images 2.5)." in few
    )
    none = remedies(remedy("b", 2.5))
    assert "No remedy predicts every class under every seed. It leaves some out" in none
    assert "They leave some out" in remedies(remedy("b", 2.5), remedy("c", 2.5))
    one_seed = remedies(remedy("a"), remedy("b", 2), seeds=1)
    assert "`a` predicts every class. The other leaves some out" in one_seed
    assert "leaves out 8 (with the likely causes)" in one_seed
    assert "is needed for that. Macro" in remedies(remedy("a"), never_predicted=0.0)
    assert (
        "is needed for that. Classes that other strategies never predict, mean over the seeds: `b` "
        "1.5 (too few images 1.5)." in remedies(remedy("a"), remedy("b", 1.5), never_predicted=0.0)
    )


def test_a_remedy_that_hurts_is_told_so():
    text = remedies(remedy("a", f1=0.1), remedy("b", f1=-0.1, accuracy=-0.2))
    assert "Macro-F1 is clearly higher with `a`, +.100 (95 %: +.050 to +.150)." in text
    assert "Macro-F1 is clearly lower with `b`, −.100 (95 %: −.150 to −.050)." in text
    assert "Accuracy clearly falls with `b`, −.200" in text
    same = remedies(remedy("a", f1=0.01), remedy("b", f1=-0.01))
    assert "No remedy clearly changes macro-F1. Accuracy clearly falls with none." in same


def test_the_first_screen_names_few_of_many():
    tables = planted(remedies=[remedy(f"s{k}", f1=0.1 + k / 100) for k in range(7)])
    first, second, _ = sentences.remedy_sentences(tables, 4)
    assert first == "`s6`, `s5`, `s4`, `s3` and 3 others predict every class under every seed."
    assert second.startswith("Macro-F1 is clearly higher with `s6`, +.160")
    assert second.endswith("and 3 others.")
    first, *_ = sentences.remedy_sentences(tables)
    assert "others" not in first


def test_what_failed_is_told():
    text = remedies(remedy("a"), remedy("b", status="failed"))
    assert text.startswith("`b` failed: see the run's report.")
    partly = remedies(remedy("a", status="partly failed"))
    assert partly.startswith("`a` failed under some seeds: only the others are counted. `a` pred")
    assert remedies(remedy("b", status="failed")) == "`b` failed: see the run's report."


def test_a_change_is_told_with_its_direction():
    rows = [
        change("fine_tune", "half", "head", 0.2, after=1.0),
        change("epochs", "6", "2", 0.01),
        change("label_noise", "0", "0.18", -0.1),
    ]
    depth, epochs, noise = setting_sentences.change_sentences(planted(changes=rows))
    assert depth == (
        "With depth `half` in place of `head`, accuracy is higher, +.200 (95 %: +.180 to +.220); 1 "
        "class is never predicted, 8 before."
    )
    assert epochs == (
        "With 6 epochs in place of 2, accuracy does not clearly change, +.010 (95 %: −.010 to "
        "+.030)."
    )
    assert "With label noise `0` in place of `0.18`, accuracy is lower, −.100" in noise


def test_shares_are_told_where_there_is_a_loss():
    rows = [share("fine_tune", "half", 0.24, 0.4), share("label_noise", "0", 0.16, 0.4)]
    tables = planted(shares=rows)
    assert setting_sentences.share_sentence(tables) == (
        "With depth `half` and label noise `0`, accuracy is higher, +.400 (95 %: +.350 to "
        "+.450). Of that, the depth accounts for 60 % (95 %: 50 % to 70 %) and the label noise "
        "accounts for 40 % (95 %: 30 % to 50 %)."
    )
    assert setting_sentences.advice_sentence(tables) == (
        "Whether the depth or the label noise matters most is not clear: their intervals overlap."
    )
    wide = [share("fine_tune", "half", 0.36, 0.4), share("label_noise", "0", 0.04, 0.4)]
    assert setting_sentences.advice_sentence(planted(shares=wide)) == (
        "Begin with the depth: its share is clearly the largest."
    )
    wider = [*wide, {**share("epochs", "6", 0.0, 0.4), "share_low": -0.9, "share_high": 0.9}]
    assert setting_sentences.advice_sentence(planted(shares=wider)) == (
        "Whether the depth or the number of epochs matters most is not clear: their intervals "
        "overlap."
    )
    one_seed = [row | {"seeds": 1} for row in wide]
    assert setting_sentences.advice_sentence(planted(shares=one_seed)) == ""


def test_no_loss_has_no_shares():
    nothing = [share("fine_tune", "half", 0.0, 0.02), share("label_noise", "0", 0.02, 0.02)]
    text = setting_sentences.share_sentence(planted(shares=nothing))
    assert "accuracy does not clearly change" in text
    assert "there is no clear loss" in text
    assert setting_sentences.advice_sentence(planted(shares=nothing)) == ""
    worse = [share("fine_tune", "half", -0.1, -0.3), share("label_noise", "0", -0.2, -0.3)]
    assert "they are no remedy" in setting_sentences.share_sentence(planted(shares=worse))
    assert setting_sentences.advice_sentence(planted(shares=worse)) == ""
    assert setting_sentences.share_sentence(planted(shares=nothing[:1])) == ""


def test_parts_that_cancel_are_told():
    """No clear change as a whole is not the same as that no setting matters."""
    rows = [share("epochs", "6", 0.14, 0.02), share("fine_tune", "half", -0.12, 0.02)]
    text = setting_sentences.share_sentence(planted(shares=rows))
    assert text == (
        "With 6 epochs and depth `half`, accuracy does not clearly change, +.020 (95 %: −.030 to "
        "+.070), though it rises with 6 epochs, +.140 (95 %: +.120 to +.160) and it falls with "
        "depth `half`, −.120 (95 %: −.140 to −.100)."
    )
    rows = [share("epochs", "6", 0.1, -0.2), share("fine_tune", "half", -0.3, -0.2)]
    text = setting_sentences.share_sentence(planted(shares=rows))
    assert "accuracy is lower, −.200 (95 %: −.250 to −.150), though it rises with 6 epochs" in text
    assert "no remedy" not in text


def test_shares_below_0_and_of_no_use_are_explained():
    rows = [share("fine_tune", "half", 0.5, 0.4), share("label_noise", "0", -0.1, 0.4)]
    text = setting_sentences.share_sentence(planted(shares=rows))
    assert "the label noise accounts for −25 % (95 %: −35 % to −15 %). A share below 0 %" in text
    wide = rows[0] | {"share_low": -50.0, "share_high": 3.0}
    text = setting_sentences.share_sentence(planted(shares=[wide, rows[1]]))
    assert "That the depth accounts for 125 % (95 %: no bound to 300 %) says nothing" in text


def test_the_best_is_compared_with_what_was_asked_about():
    best = [best_cell("fine-tune=half", "a")]
    assert sentences.best_sentence(planted(best=best)) == (
        "Best on validation, of 24 combinations: `a` in the run `fine-tune=half`. Its macro-F1 on "
        "test images is .600 (95 %: .550 to .650), against .300 of plain fine-tuning in the run in "
        "question: the difference, +.300 (95 %: +.200 to +.400), is clear."
    )
    wide = sentences.best_sentence(planted(best=[best_cell("fine-tune=half", "a", width=0.4)]))
    assert wide.endswith("the difference, +.300 (95 %: −.100 to +.700), is not clear.")
    assert sentences.best_sentence(planted({"seeds": 1}, best=best)).endswith(
        "is clear for these networks alone."
    )
    unclear = planted({"seeds": 1}, best=[best_cell("fine-tune=half", "a", width=0.4)])
    assert sentences.best_sentence(unclear).endswith("is not clear.")
    no_seed = [best[0] | dict.fromkeys(("change", "change_low", "change_high"), float("nan"))]
    assert sentences.best_sentence(planted(best=no_seed)).endswith("in the run in question.")
    noisy = planted(best=best, changes=[change("label_noise", "0", "0.18", 0.1)])
    assert "of 24 combinations with the labels of the run in question: `a`" in (
        sentences.best_sentence(noisy)
    )
    same = [best_cell(BASE["run"], BASE["strategy"], 0.3, 0.0)]
    assert sentences.best_sentence(planted(best=same)).endswith(
        "`no_change` in the run `fine-tune=head,label-noise=0.18`. That is plain fine-tuning in "
        "the run in question."
    )
    assert sentences.best_sentence(planted()) == ""
    other = sentences.best_sentence(planted({"plain": False}, best=best))
    assert "against .300 of the baseline in the run in question: the" in other


def test_one_seed_is_told_in_the_sentences_themselves():
    text = remedies(remedy("a", f1=0.1), seeds=1)
    assert "Of these networks, macro-F1 is higher with `a`" in text
    text = remedies(remedy("a", accuracy=-0.1), seeds=1)
    assert "Of these networks, accuracy falls with `a`" in text
    (text,) = setting_sentences.change_sentences(
        planted(changes=[change("fine_tune", "half", "head", 0.2) | {"seeds": 1}])
    )
    assert text.startswith("Of these networks alone, with depth `half` in place of `head`, accu")
    rows = [share("fine_tune", "half", 0.36, 0.4), share("label_noise", "0", 0.04, 0.4)]
    single = [{**row, "seeds": 1} for row in rows]
    text = setting_sentences.share_sentence(planted({"seeds": 1}, shares=single))
    assert text.startswith("Of these networks alone, with depth `half` and label noise `0`")
