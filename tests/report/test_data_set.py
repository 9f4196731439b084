"""The page of a data set."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from benchmark.data.memory.in_memory import image_set
from benchmark.data.sources import open_data
from benchmark.data.summary import summarise_data
from benchmark.report import data_set
from benchmark.report.data_set import build_page, draw_sizes, write_data_set
from benchmark.report.render.blocks import ContactSheet, Heading
from tests.report.reader import Reader, read_csv


@pytest.fixture(scope="module")
def summary(image_folder):
    return summarise_data(open_data(str(image_folder)))


def sheets(summary):
    blocks = build_page(summary).sections[0].blocks
    return [block for block in blocks if isinstance(block, ContactSheet)]


def headings(summary):
    blocks = build_page(summary).sections[0].blocks
    return [block.text for block in blocks if isinstance(block, Heading)]


def test_each_class_shows_a_few_images_the_largest_first(summary):
    assert headings(summary) == ["common: 30 images", "middling: 12 images", "rare: 5 images"]
    assert [len(sheet.items) for sheet in sheets(summary)] == [6, 6, 5]
    files = [item.name for item in sheets(summary)[0].items]
    assert files == [f"common/{k:03}.png" for k in (0, 5, 11, 17, 23, 29)]


def test_the_page_is_whole_in_itself(summary, tmp_path):
    text = write_data_set(summary, tmp_path).read_text("utf-8")
    reader = Reader(text)
    assert text.count('<img src="data:image/jpeg;base64,') == 17
    assert {a["alt"] for tag, a in reader.tags if tag == "img"} == {
        "Image of common",
        "Image of middling",
        "Image of rare",
    }
    assert not re.search(r'(src|href)="(?!data:image/jpeg|#)', text)
    assert "47 images, 3 classes of 5 to 30 images (ratio 6.0)." in reader.text
    assert "The rarest is rare, with 5 images." in reader.text
    assert "No two images are byte-identical or look the same." in reader.text
    assert [path.name for path in tmp_path.iterdir()] == ["data.html"]


def test_duplicates_stand_side_by_side(leaking_folder):
    page = build_page(summarise_data(open_data(str(leaking_folder))))
    assert [section.id for section in page.sections] == ["images", "two-splits", "others"]
    assert page.sections[1].title == "Duplicates: in two splits (2)"
    assert "Images that look the same stand side by side below the classes." in page.highlights


def test_the_bars_are_the_images_of_each_split(summary):
    [axes] = draw_sizes(summary).axes
    widths = [[bar.get_width() for bar in bars] for bars in axes.containers]
    expected = summary.classes[["train", "val", "test"]].to_numpy().T
    assert np.array_equal(widths, expected)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["train", "val", "test"]


def test_without_a_split_a_bar_is_a_class(summary):
    plain = replace(summary, classes=summary.classes[["class", "images"]], split_title="")
    [axes] = draw_sizes(plain).axes
    assert [bar.get_width() for bar in axes.containers[0]] == [30, 12, 5]
    assert axes.get_legend() is None


def test_of_many_classes_the_rarest_are_shown_and_it_says_how_many_are_not(monkeypatch, tmp_path):
    monkeypatch.setattr(data_set, "ALL_IMAGES", 18)
    monkeypatch.setattr(data_set, "MOST_BARS", 10)
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(12), np.arange(14, 2, -1))
    pixels = rng.integers(0, 256, (len(labels), 12, 12, 3), dtype=np.uint8)
    names = [f"class {k}" for k in range(12)]
    summary = summarise_data(image_set(pixels, [names[label] for label in labels]))
    sections = [text.partition(":")[0] for text in headings(summary)]
    assert sections == [names[k] for k in (0, 1, 2, 6, 7, 8, 9, 10, 11)]
    first = build_page(summary).sections[0].blocks[0]
    assert first.text == "The 3 largest classes and the 6 rarest are shown; 3 classes are left out."
    assert draw_sizes(summary).axes[0].get_yscale() == "log"
    write_data_set(summary, tmp_path)
    assert read_csv(tmp_path / "classes.csv")["class"].tolist() == names
    assert build_page(summary).lead[-1].target == "classes.csv"


def test_names_are_escaped_and_an_image_that_cannot_be_read_is_left_out(tmp_path):
    for name, number in {"<script>alert(1)<script>": 12, "b": 12}.items():
        folder = tmp_path / "set" / name
        folder.mkdir(parents=True)
        for k in range(number):
            pixels = np.random.default_rng(k + number * len(name)).integers(0, 256, (9, 9, 3))
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{k}.png")
    (tmp_path / "set/b/0.png").write_text("no image")
    summary = summarise_data(open_data(str(tmp_path / "set")))
    text = write_data_set(summary, tmp_path).read_text("utf-8")
    assert "<script" not in text
    assert "1 image that can't be read is not on this page." in Reader(text).text
    assert "b/0.png" not in [item.name for sheet in sheets(summary) for item in sheet.items]


def test_an_image_that_is_gone_has_its_name_alone(summary):
    class Gone:
        def image(self, index, at_least=0):
            raise FileNotFoundError

    images = replace(summary.images, reader=Gone())
    items = sheets(replace(summary, images=images))[2].items
    assert [item.jpeg for item in items] == [""] * 5
    assert pd.Series([item.name for item in items]).str.startswith("rare/").all()
