import pytest

from benchmark.data.tables.label_cells import label_messages


@pytest.mark.parametrize(
    ("labels", "joint", "images"),
    [
        (["A", "B", "A|B", "A|B"], "|", 2),
        (["A;B", "B;C", "A;C", "A;C"], ";", 4),  # no part occurs alone
        (["A", "B", "C", "C", "A, B"], ",", 1),
        (["mass", "nodule", "mass and nodule", "mass"], "and", 1),
        (["scab", "rust", "scab", "scab rust"], "a space", 1),
        (["['A']", "['B']", "['A', 'B']", "['A']"], ",", 1),
        (["A", "B", "A", "A+B"], "+", 1),
        (["['A']", "['A', 'B']", "['B', 'C']", "['A']"], ",", 2),
    ],
)
def test_several_labels_in_a_cell_are_counted(labels, joint, images):
    (message,) = label_messages(labels)
    assert message.startswith(f"{images} of {len(labels)} images have a label that looks like")
    assert f"joined by {joint!r}" in message
    assert "is a class of its own here" in message


@pytest.mark.parametrize(
    "labels",
    [
        ["A/B", "C", "C"],  # may be a name
        ["red oak", "white oak", "red oak"],
        ["oak, red", "oak, white", "oak, white"],
        ["A|B", "C", "C"],
        ["cat", "dog", "cat"],
    ],
)
def test_names_that_are_no_combinations_are_left_alone(labels):
    assert label_messages(labels) == []


@pytest.mark.parametrize("label", ["nan", "#N/A", "NULL", "#REF!", "?"])
def test_what_programs_write_for_no_label_is_named(label):
    (message,) = label_messages(["cat", "dog", label, label, "cat"])
    assert f"are classes here: {label!r} (2). Remove these rows if" in message


def test_a_label_for_each_image_is_said():
    (message,) = label_messages([f"subject {k}" for k in range(40)])
    assert "each of 40 images has a label of its own (e.g. 'subject 0')" in message
    assert label_messages(["cat", "dog"]) == []
