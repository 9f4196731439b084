"""Settings from flags and from a TOML file."""

import pytest

from benchmark.cli.parser import build_parser, parse
from benchmark.cli.settings import read_config, settings_from
from benchmark.plan.experiment import Experiment
from benchmark.plan.run_options import RunOptions


@pytest.fixture
def read(tmp_path):
    def from_content(text):
        file = tmp_path / "study.toml"
        file.write_text(text)
        return read_config(str(file), Experiment, RunOptions)

    return from_content


def test_keys_are_the_flags_with_dashes_or_underscores(read):
    assert read('image-size = 96\nfine_tune = "head"\nquick = true\n') == {
        "image_size": 96,
        "fine_tune": "head",
        "quick": True,
    }


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("seeds = 3", "seeds", (0, 1, 2)),
        ('seeds = "3"', "seeds", (0, 1, 2)),
        ("seed-list = [7, 8]", "seed_list", (7, 8)),
        ("seed-list = [7]", "seed_list", (7,)),
        ("epochs = 2", "epochs", (2.0,)),
        ('epochs = "1+0.5"', "epochs", (1.0, 0.5)),
        ("epochs = [1, 0.5]", "epochs", ((1.0,), (0.5,))),
        ("class-level = 2", "class_level", 2),
        ("merge-classes = true", "merge_classes", True),
        ("lr = 1e-3", "lr", 1e-3),
        ('strategies = "no_change,focal_loss"', "strategies", "no_change,focal_loss"),
        ('strategies = ["no_change", "mixup"]', "strategies", ("no_change", "mixup")),
        ('plugin = "a.py"', "plugin", ("a.py",)),
        ('plugin = ["a.py", "b.py"]', "plugin", ("a.py", "b.py")),
        ('cache-limit = "20GB"', "cache_limit", 20 * 10**9),
    ],
)
def test_values_are_read_as_those_of_flags(read, text, name, value):
    assert read(text) == {name: value}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("image-sise = 96", r"study\.toml: unknown key 'image-sise'. Did you mean 'image-size'\?"),
        ('config = "other.toml"', "unknown key 'config'"),
        ('quick = "yes"', r"study\.toml: quick 'yes' is not allowed; allowed: true or false"),
        ("data = true", r"study\.toml: data True is not allowed; allowed: text"),
        ("image-size = 96.5", r"image size 96\.5 is not allowed; allowed: a whole number"),
        ("jobs = 0", "jobs 0 is not allowed; allowed: 1 or more"),
        ('out = "a\\u0000b"', r"out 'a\\x00b' is not allowed; allowed: a path"),
        ("jobs = ", r"study\.toml: .*[Ii]nvalid value"),
    ],
)
def test_a_mistake_is_an_error_that_names_the_file(read, text, error):
    with pytest.raises(ValueError, match=error):
        read(text)


def test_a_file_that_is_not_there_is_an_error():
    with pytest.raises(FileNotFoundError, match=r"--config nowhere\.toml: no such file"):
        read_config("nowhere.toml", Experiment)


@pytest.fixture
def settings(tmp_path):
    """Settings of a command line beside a file."""
    file = tmp_path / "study.toml"
    file.write_text("image-size = 96\nseed-list = [7]\njobs = 2\n")
    return lambda *words: settings_from(
        parse(build_parser(), ["plan", "--config", str(file), *words])
    )


def test_flags_win_over_the_file(settings):
    assert settings("--image-size", "80") == {"image_size": "80", "seed_list": (7,), "jobs": 2}


@pytest.mark.parametrize("words", [("--seeds", "2"), ("--seed-list", "3,4")])
def test_either_flag_of_seeds_replaces_those_of_the_file(settings, words):
    name = words[0].strip("-").replace("-", "_")
    assert settings(*words) == {"image_size": 96, "jobs": 2, name: words[1]}


def test_without_a_file_only_given_flags_count():
    chosen = parse(build_parser(), ["run", "--quick", "--strategies", "no_change"])
    assert settings_from(chosen) == {"quick": True, "strategies": "no_change"}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a=" + "[" * 20_000, r"study\.toml: it is nested deeper than any setting"),
        (".".join("a" * 50_000) + "=1", r"study\.toml: a file of 100 KB: at most 50 KB are read"),
        ("#" * 60_000, "at most 50 KB are read"),
    ],
)
def test_a_file_of_settings_is_small(read, text, error):
    with pytest.raises(ValueError, match=error):
        read(text)


def test_a_link_that_loops_is_told(tmp_path):
    (tmp_path / "a.toml").symlink_to(tmp_path / "a.toml")
    with pytest.raises(ValueError, match=r"--config .*a\.toml: Too many levels of symbolic links"):
        read_config(str(tmp_path / "a.toml"), Experiment, RunOptions)
