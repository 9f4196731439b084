"""The page of a run's images: its pictures, its words, and when it is written."""

import re
from dataclasses import replace

import pytest

from benchmark.report.gallery import write
from benchmark.report.gallery.write import write_gallery
from benchmark.report.render.blocks import Link
from benchmark.report.single.csv_files import files_section
from benchmark.report.single.diagnoses import diagnoses_section, diagnoses_table
from benchmark.report.single.recall import recall_tables
from tests.report.fabricate import CLASSES, fabricate_run
from tests.report.gallery.fabricated import FabricatedImages, compare
from tests.report.hostile_names import MARKUP
from tests.report.reader import Reader
from tests.report.test_any_run import any_run

PAIR = ("no_change", "focal_loss")
KEYS = ("no_change.0 of clothes", "focal_loss.0 of clothes")


@pytest.fixture(scope="module", autouse=True)
def small_pictures():
    """Pictures that take no time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(write, "SIDES", (24, 12))
        yield


def page_of(folder, run, kept=KEYS, error=None):
    """Write the gallery of a run; return its text, with spaces that all break a line."""
    run.write(folder)
    images = FabricatedImages(run, kept, error)
    path = write_gallery(compare(run, folder), images)
    return path.read_text("utf-8").replace("\u00a0", " ")


@pytest.fixture(scope="module")
def run():
    return fabricate_run(strategies=PAIR)


@pytest.fixture(scope="module")
def text(run, small_pictures, tmp_path_factory):
    return page_of(tmp_path_factory.mktemp("gallery"), run)


def test_each_ignored_class_has_a_section_with_strips_of_three(run, text):
    comparison = compare(run)
    diagnoses = comparison.findings.diagnoses
    ignored = set(diagnoses["class"][diagnoses["strategy"] == "no_change"])
    assert set(map(int, re.findall(r'<section id="class-(\d+)"', text))) == {
        CLASSES.index(name) for name in ignored
    }
    assert text.count('<figure class="pictures three">') > 10
    assert "recognises at most one test image in ten of" in text
    table = comparison.confusion["no_change"]
    surest = f"The surest of {table.sum() - table.trace()} errors"
    titles = re.findall("<h2>(.*?)</h2>", text)
    assert titles[-2:] == [surest, "The most confused pairs of classes"]


def test_pictures_have_alternative_texts_and_nothing_is_fetched(text):
    alts = [attributes["alt"] for tag, attributes in Reader(text).tags if tag == "img"]
    assert len(alts) > 100
    assert all(re.match("(Test|Training) image of |Where (baseline|best)", alt) for alt in alts)
    assert not re.search(r'(src|href)="(?!data:image/jpeg|#|report\.html)', text)
    assert "default-src 'none'" in text
    assert "img-src data:" in text


def test_below_a_picture_stand_the_class_how_surely_and_whether_it_is_right(text):
    plain = Reader(text).text
    assert re.search(r"✗ [\w-]+ (\.\d\d|1\.00)", plain)
    assert re.search(r"✓ [\w-]+ (\.\d\d|1\.00)", plain)
    assert "4 × 4 positions after its block tail" in plain
    assert "Selvaraju et al. 2017" in plain
    assert "takes them for" in plain
    assert "Likely cause, in the report:" in plain
    assert "One training is shown" in plain


def test_a_strategy_and_its_best_that_share_a_network_are_looked_at_once(tmp_path):
    run = fabricate_run(strategies=PAIR, shared={"focal_loss": "no_change"})
    run.write(tmp_path)
    images = FabricatedImages(run, KEYS[:1])
    text = write_gallery(compare(run, tmp_path), images).read_text("utf-8")
    assert len(images.looks) == 1
    assert "baseline and best" in text


def test_the_positions_of_several_networks_are_named_once(run, tmp_path):
    run.write(tmp_path)
    images = FabricatedImages(run, KEYS)
    images.networks = {KEYS[1]: 2}
    plain = Reader(write_gallery(compare(run, tmp_path), images).read_text("utf-8")).text
    assert plain.replace("\u00a0", " ").count("positions after its block tail") == 1
    assert "That of focal_loss is the mean of 2 networks." in plain.replace("\u00a0", " ")


def test_without_kept_networks_the_page_says_so_and_shows_the_images(run, tmp_path):
    text = page_of(tmp_path, run, kept=())
    plain = Reader(text).text
    networks = "Where the networks of no_change and focal_loss look can't be shown: they were"
    assert f"{networks} not kept, see --keep." in plain
    assert "Selvaraju" not in plain
    assert "baseline: " in plain
    assert text.count("<img ") > 50


def test_of_a_network_that_is_not_kept_the_predictions_are_shown_all_the_same(run, tmp_path):
    text = page_of(tmp_path, run, kept=KEYS[1:])
    plain = Reader(text).text
    assert "Where the network of no_change looks can't be shown: it was not kept" in plain
    figures = re.findall('<figure class="pictures three">(.*?)</figure>', text, re.DOTALL)
    strips = [strip for strip in figures if "<small>best</small>" in strip]
    assert strips
    assert all(strip.count("<img ") == 2 for strip in strips)
    assert all("<small>baseline</small>" in strip for strip in strips)


def test_a_network_that_cannot_be_looked_at_costs_its_maps_alone(run, tmp_path):
    plain = Reader(page_of(tmp_path, run, error=ValueError("no block gives a `map`"))).text
    assert "Where these networks look can't be shown: no_change (no block gives a 'map')" in plain


def test_it_is_written_anew_only_where_it_would_show_something_else(run, tmp_path):
    page_of(tmp_path, run)
    images = FabricatedImages(run, KEYS)
    write_gallery(compare(run, tmp_path), images)
    assert images.looks == []
    fewer = FabricatedImages(run, KEYS[:1])
    write_gallery(compare(run, tmp_path), fewer)
    assert len(fewer.looks) == 1
    (tmp_path / "gallery.html").write_text("edited")
    write_gallery(compare(run, tmp_path), images)
    assert len(images.looks) == 2


def test_where_nothing_finished_there_is_none(tmp_path):
    run = fabricate_run(strategies=("no_change",), failed=[("no_change", 0)])
    (tmp_path / "gallery.html").write_text("of an earlier run")
    assert write_gallery(compare(run, tmp_path), FabricatedImages(run)) is None
    assert not (tmp_path / "gallery.html").exists()


def test_names_are_escaped(tmp_path):
    run = fabricate_run(name="<b>", classes=MARKUP[:12], strategies=("no_change",))
    files = {
        file: f"{name}.jpg" for file, name in zip(run.splits[0].test.files, MARKUP, strict=False)
    }
    test = run.splits[0].test
    test = replace(test, files=tuple(files.get(file, file) for file in test.files))
    text = page_of(tmp_path, run._replace(splits={0: replace(run.splits[0], test=test)}))
    tags = Reader(text).tags
    assert {tag for tag, _ in tags} & {"script", "iframe", "object", "form", "math"} == set()
    assert not [a for _, attributes in tags for a in attributes if a.startswith("on")]


def test_two_classes_and_one_strategy(tmp_path):
    run = fabricate_run(classes=("cat", "dog"), strategies=("no_change",), images=300)
    plain = Reader(page_of(tmp_path, run, kept=("no_change.0 of clothes",))).text
    assert "No strategy is better on validation than the baseline" in plain


def test_of_many_classes_it_says_how_many_are_left_out(tmp_path):
    names = [f"class {k:03}" for k in range(300)]
    run = fabricate_run(classes=names, strategies=("no_change",), images=6000)
    text = page_of(tmp_path, run)
    assert re.search(r"\d+ ignored classes are left out: a page has room for 20\.", text)
    assert text.count('<section id="class-') == 20


def test_pictures_get_smaller_where_they_would_not_fit(run, tmp_path, monkeypatch):
    monkeypatch.setattr(write, "SIDES", (96, 24))
    large = page_of(tmp_path / "large", run)
    monkeypatch.setattr(write, "MOST_BYTES", len(large) * 9 // 10)
    small = page_of(tmp_path / "small", run)
    assert len(small.encode()) <= len(large) * 9 // 10
    assert small.count("<img ") == large.count("<img ")


def test_wrong_labels_are_said_where_labels_were_made_wrong(tmp_path):
    run = fabricate_run(strategies=("no_change",))
    train = run.splits[0].train
    right = tuple((label + 1) % len(CLASSES) for label in train.labels)
    run = run._replace(splits={0: replace(run.splits[0], train=replace(train, right_labels=right))})
    plain = Reader(page_of(tmp_path, run)).text
    assert "Some labels were made wrong on purpose" in plain
    assert "given label; right is " in plain


def test_several_seeds_and_a_failed_baseline(tmp_path):
    run = fabricate_run(strategies=PAIR, seeds=(0, 1), failed=[("no_change", s) for s in (0, 1)])
    plain = Reader(page_of(tmp_path, run)).text
    assert "The baseline failed: focal_loss (best on validation) stands alone." in plain
    assert "One seed of 2 is shown, 0" in plain


def test_an_image_that_is_no_longer_there_is_named_alone(run, tmp_path):
    run.write(tmp_path)
    images = FabricatedImages(run, KEYS)
    gone = compare(run).predictions["file"].iloc[-1]
    del images.rows[gone]
    text = write_gallery(compare(run, tmp_path), images).read_text("utf-8")
    assert gone in re.sub("<wbr>", "", text)


def links(comparison):
    """Where the headings of the tables of classes lead."""
    tables = [diagnoses_table(comparison), *recall_tables(comparison)]
    return {row.cells[0].link for table in tables for row in table.rows} - {""}


def test_the_report_leads_to_the_pictures_of_a_class_only_where_they_are(run, tmp_path):
    comparison = compare(run, tmp_path)
    assert links(comparison) == set()
    text = page_of(tmp_path, run)
    sections = set(re.findall(r'<section id="(class-\d+)"', text))
    assert links(comparison) == {f"gallery.html#{id}" for id in sections}
    for section in (diagnoses_section, files_section):
        [link] = [block for block in section(comparison) if isinstance(block, Link)]
        assert link.target == "gallery.html"


@pytest.mark.parametrize("number", [5, 9, 12])
def test_it_is_written_of_any_run(number, tmp_path):
    run = any_run(number)
    keys = [key for info in run.manifest.strategies for key in info.networks.values()]
    assert Reader(page_of(tmp_path, run, keys)).text


def test_a_gallery_that_cannot_be_read_is_led_to_by_nothing(run, tmp_path):
    (tmp_path / "gallery.html").write_bytes(b"\xff\xfe")
    assert links(compare(run, tmp_path)) == set()


def test_a_network_that_could_not_be_looked_at_for_now_is_looked_at_again(run, tmp_path):
    page_of(tmp_path, run, error=OSError("the disk"))
    images = FabricatedImages(run, KEYS)
    write_gallery(compare(run, tmp_path), images)
    assert len(images.looks) == 2
    page_of(tmp_path, run, error=ValueError("it has no map"), kept=KEYS[:1])
    again = FabricatedImages(run, KEYS[:1])
    write_gallery(compare(run, tmp_path), again)
    assert again.looks == []
