from __future__ import annotations

from pathlib import Path

from benchmark.data.duplicates.copies import IDENTICAL, LEFT_OUT, SAME_LOOK, in_two_splits
from benchmark.data.sources import open_data
from benchmark.data.summary import summarise_data
from tests.data.duplicates.pictures import encode, make_photographs


def test_copies_are_listed_with_splits_and_classes(leaking_folder: Path) -> None:
    summary = summarise_data(open_data(str(leaking_folder)))
    table = summary.duplicates
    assert table["kind"].tolist() == [SAME_LOOK, SAME_LOOK, IDENTICAL]
    assert in_two_splits(table).tolist() == [True, True, False]
    other = table.iloc[0]  # of another class: first
    assert {other["file"], other["copy_of"]} == {"test/dog/other.png", "train/cat/1.png"}
    assert {other["split"], other["copy_of_split"]} == {"test", "train"}
    assert {other["class"], other["copy_of_class"]} == {"cat", "dog"}
    for number, row in table.iterrows():
        copy = summary.copies[number]
        assert summary.images.files[copy.image] == row["file"]
        assert summary.images.files[copy.original] == row["copy_of"]
    assert any(m.startswith("2 validation or test images look the same") for m in summary.messages)


def test_copies_in_training_of_given_test_images_are_left_out_on_request(
    leaking_folder: Path,
) -> None:
    images = open_data(str(leaking_folder))
    summary = summarise_data(images, keep_duplicates_together=True)
    sentence = "The given split leaks: 2 train images share their group, content or look"
    assert any(message.startswith(sentence) for message in summary.messages)
    assert not in_two_splits(summary.duplicates).any()
    assert (summary.duplicates == LEFT_OUT).to_numpy().sum() == 2
    assert summary.classes["test"].sum() == 10
    assert summary.classes["train"].sum() == 22


def test_a_set_without_copies_has_an_empty_table(tmp_path: Path) -> None:
    for number, image in enumerate(make_photographs(8)):
        (tmp_path / "ab"[number % 2]).mkdir(exist_ok=True)
        (tmp_path / "ab"[number % 2] / f"{number}.png").write_bytes(encode(image))
    summary = summarise_data(open_data(str(tmp_path)))
    assert summary.duplicates.empty
    assert summary.copies == ()
    assert not in_two_splits(summary.duplicates).any()
