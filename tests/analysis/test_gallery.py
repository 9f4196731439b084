"""Which images are shown: of a fabricated run."""

from dataclasses import replace

import pytest

from benchmark.analysis.gallery import MOST_CLASSES, MOST_TEST_IMAGES, shown_seed
from benchmark.analysis.shown_images import BASELINE, BEST, OTHER
from tests.report.fabricate import CLASSES, FabricatedRun, fabricate_run
from tests.report.gallery.fabricated import choose, compare


@pytest.fixture(scope="module")
def gallery():
    return choose(fabricate_run(strategies=("no_change", "class_weights", "focal_loss")))


def test_the_baseline_stands_beside_the_best_on_validation():
    run = fabricate_run(strategies=("no_change", "class_weights", "focal_loss"))
    comparison = compare(run)
    scores = comparison.seed_rows.set_index("strategy")["val_macro_f1"].astype(float)
    chosen = choose(run).strategies
    assert [(s.name, s.role) for s in chosen] == [("no_change", BASELINE), (scores.idxmax(), BEST)]
    assert chosen[1].validation == scores.max()
    assert chosen[0].network == "no_change.0 of clothes"


def test_a_baseline_that_is_best_stands_alone():
    gallery = choose(fabricate_run(strategies=("no_change",)))
    assert [(s.name, s.role) for s in gallery.strategies] == [("no_change", BASELINE)]
    assert len(gallery.errors[0].predictions) == 1


def test_without_the_baseline_the_best_stands_alone():
    run = fabricate_run(strategies=("no_change", "focal_loss"), failed=[("no_change", 0)])
    gallery = choose(run)
    assert [(s.name, s.role) for s in gallery.strategies] == [("focal_loss", BEST)]
    assert gallery.classes


def test_the_first_seed_that_the_baseline_finished_is_shown():
    strategies = ("no_change", "focal_loss")
    run = fabricate_run(strategies=strategies, seeds=(3, 5), failed=[("no_change", 3)])
    assert choose(run).seed == 5
    assert choose(fabricate_run(strategies=strategies, seeds=(3, 5))).seed == 3
    failed = [("no_change", 3), ("no_change", 5), ("focal_loss", 3)]
    gallery = choose(fabricate_run(strategies=strategies, seeds=(3, 5), failed=failed))
    assert (gallery.seed, gallery.strategies[0].role) == (5, OTHER)


def test_where_nothing_finished_no_seed_is_shown():
    run = fabricate_run(strategies=("no_change",), failed=[("no_change", 0)])
    assert shown_seed(compare(run)) is None


def test_the_classes_are_those_that_the_baseline_ignores_in_the_order_of_the_report(gallery):
    run = fabricate_run(strategies=("no_change", "class_weights", "focal_loss"))
    comparison = compare(run)
    diagnoses = comparison.findings.diagnoses
    ignored = set(diagnoses["class"][diagnoses["strategy"] == "no_change"])
    names = [row.label for row in gallery.classes]
    assert names == [name for name in comparison.classes if name in ignored]
    assert gallery.ignored == len(names) > 3
    assert all(row.hits[0] <= 0.1 * row.test_count for row in gallery.classes)
    assert all(run.manifest.data.classes[row.index] == row.label for row in gallery.classes)
    assert all(row.cause for row in gallery.classes)


def test_numbers_and_images_of_a_class_are_those_of_the_records(gallery):
    comparison = compare(fabricate_run(strategies=("no_change", "class_weights", "focal_loss")))
    rows = comparison.predictions
    own = rows[(rows["strategy"] == "no_change") & (rows["split"] == "test")]
    for row in gallery.classes:
        mine = own[own["label"] == row.label]
        assert row.test_count == len(mine) == sum(number for _, number in row.predicted)
        assert row.hits[0] == (mine["predicted"] == row.label).sum()
        assert len(row.test) == min(len(mine), MOST_TEST_IMAGES)
        predicted = mine.set_index("file")["predicted"]
        assert all(image.predictions[0].label == predicted[image.file] for image in row.test)
        assert all(image.label == row.label for image in (*row.test, *row.training))
        assert row.confuser in set(mine["predicted"]) - {row.label}
        assert {image.label for image in row.of_confuser} == {row.confuser}
        assert len(row.training) <= 6
        assert not row.training[0].predictions


def test_of_many_test_images_the_surest_errors_are_shown_and_some_that_the_best_recognises():
    strategies = ("no_change", "focal_loss")
    run = fabricate_run(strategies=strategies, test_images={"Blouse": 60})
    row = next(each for each in choose(run).classes if each.label == "Blouse")
    sure = [image.predictions[0].confidence for image in row.test if image.is_wrong]
    assert len(row.test) == MOST_TEST_IMAGES
    assert sure == sorted(sure, reverse=True)
    gained = [image for image in row.test if image.predictions[1].label == "Blouse"]
    assert len(gained) >= MOST_TEST_IMAGES // 3


def test_the_surest_errors_are_those_of_all_classes(gallery):
    rows = compare(fabricate_run(strategies=("no_change", "class_weights", "focal_loss")))
    rows = rows.predictions
    own = rows[(rows["strategy"] == "no_change") & (rows["split"] == "test")]
    wrong = own[own["label"] != own["predicted"]].nlargest(12, "confidence")
    assert [image.file for image in gallery.errors] == wrong["file"].tolist()
    assert all(image.is_wrong for image in gallery.errors)
    assert gallery.number_of_errors == (own["label"] != own["predicted"]).sum()


def test_pairs_are_those_with_the_most_errors_in_both_directions(gallery):
    comparison = compare(fabricate_run(strategies=("no_change", "class_weights", "focal_loss")))
    table = comparison.confusion["no_change"]
    table = table + table.T
    index = {name: k for k, name in enumerate(comparison.classes)}
    numbers = [sum(pair.errors) for pair in gallery.pairs]
    assert numbers == [int(table[tuple(index[n] for n in p.labels)]) for p in gallery.pairs]
    assert numbers[0] == max(table[i, j] for i in range(len(table)) for j in range(i))
    assert numbers == sorted(numbers, reverse=True)
    for pair in gallery.pairs:
        assert pair.errors[0] >= pair.errors[1]
        for images, label, other in zip(pair.test, pair.labels, pair.labels[::-1], strict=True):
            assert all(image.label == label for image in images)
            assert all(image.predictions[0].label == other for image in images)


def test_of_many_classes_the_worst_are_shown_with_fewer_images_each():
    names = [f"class {k:03}" for k in range(300)]
    gallery = choose(fabricate_run(classes=names, strategies=("no_change",), images=6000))
    assert gallery.ignored > MOST_CLASSES == len(gallery.classes)
    assert sum(len(row.test) for row in gallery.classes) <= 150
    assert [row.hits[0] for row in gallery.classes] == [0] * MOST_CLASSES


def test_where_no_class_is_ignored_the_three_of_the_lowest_recall_are_shown():
    run = fabricate_run(strategies=("no_change",))
    test = run.splits[0].test
    labels = list(test.labels)
    for c in range(5):  # one error in each of five classes: recall is lowest in the smallest
        labels[test.labels.index(c)] = 9
    predicted = run.records[0].predicted | {"test": tuple(labels)}
    record = replace(run.records[0], predicted=predicted, diagnoses=())
    gallery = choose(FabricatedRun(run.manifest, run.splits, [record]))
    assert gallery.ignored == 0
    assert [row.label for row in gallery.classes] == list(CLASSES[2:5])
    assert not any(row.cause for row in gallery.classes)
    assert all(row.predicted[1:] == (("Hat", 1),) for row in gallery.classes)


def test_a_network_without_errors_shows_nothing():
    run = fabricate_run(classes=("cat", "dog"), strategies=("no_change",), images=300)
    test = run.splits[0].test.labels
    record = run.records[0]
    right = replace(record, predicted=record.predicted | {"test": test}, diagnoses=())
    gallery = choose(FabricatedRun(run.manifest, run.splits, [right]))
    assert (gallery.classes, gallery.errors, gallery.pairs) == ((), (), ())
    assert gallery.tested() == {}


def test_labels_that_were_made_wrong_stand_beside_the_right_ones():
    run = fabricate_run(strategies=("no_change",))
    train = run.splits[0].train
    right = tuple((label + 1) % len(CLASSES) for label in train.labels)
    splits = {0: replace(run.splits[0], train=replace(train, right_labels=right))}
    gallery = choose(run._replace(splits=splits))
    assert gallery.has_wrong_labels
    image = gallery.classes[0].training[0]
    assert image.right_label == CLASSES[(CLASSES.index(image.label) + 1) % len(CLASSES)]
    assert gallery.errors[0].right_label == gallery.errors[0].label


def test_every_test_image_that_is_shown_is_named_once(gallery):
    tested = gallery.tested()
    assert all(file == image.file and image.predictions for file, image in tested.items())
    assert {image.file for image in gallery.errors} <= tested.keys()
