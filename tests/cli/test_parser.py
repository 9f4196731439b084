"""What the command line takes, and what it answers to mistakes."""

import subprocess
import sys

import pytest

from benchmark.cli import main
from benchmark.cli.parser import build_parser, parse


def chosen(*words):
    return parse(build_parser(), list(words))


def exit_code(*words):
    try:
        return main(words)
    except SystemExit as exited:
        return exited.code


def error_of(capsys, *words):
    """What a command that can't be carried out prints."""
    assert exit_code(*words) == 2
    return capsys.readouterr().err


def test_only_given_flags_are_set_so_that_a_file_fills_in_the_others():
    values = vars(chosen("run", "--seeds", "3", "--quick", "--plugin", "a.py", "--plugin", "b.py"))
    assert values["seeds"] == "3"
    assert values["quick"] is True
    assert values["plugin"] == ["a.py", "b.py"]
    assert "image_size" not in values
    assert vars(chosen("plan"))["config"] is None


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("run --control x", "there is no flag --control; write --baseline"),
        ("run --dry-run", "there is no flag --dry-run; use the command `plan` in place of `run`"),
        ("run --recip strong", "there is no flag --recip. Did you mean '--recipe'?"),
        ("run --seed=3", "there is no flag --seed. Did you mean '--seeds'?"),
        (
            "run wheels",
            "'wheels' is unexpected here; values follow their flag, as in --data wheels",
        ),
        ("labels --data a", "there is no flag --data: give DATA without it"),
        ("labels my images", "'images' is unexpected here; put quotes around what has spaces"),
        ("rum", "there is no command 'rum'. Did you mean 'run'? Known: run, plan, study, list"),
        ("run --data", "argument --data: expected one argument"),
        ("run --seeds 0", "seeds '0' is not allowed; allowed: a number of seeds, 1 or more"),
        ("run --seeds 1,2", "--seeds counts; to name seeds, write --seed-list 1,2"),
        ("run --seeds 2 --seed-list 7", "seeds and seed-list are both given; give one of them"),
        ("run --image-size 10", "image size 10 is not allowed; allowed: 75 or more (inception_v3)"),
        ("run --recipe strang", "unknown recipe 'strang'. Did you mean 'strong'?"),
        ("run --backbone incption_v3", "unknown backbone 'incption_v3'. Did you mean"),
        ("run --fine-tune halb", "half"),
        ("run --jobs 0", "jobs 0 is not allowed; allowed: 1 or more"),
        ("run --tune=-1", "tune -1 is not allowed; allowed: a number of trials"),
        ("run --epochs 1+2+3", "one number of epochs for all or one for each, like 2+3, got 3"),
        ("run --cache-limit lots", "20GB, 500MB"),
        ("run --config nowhere.toml", "--config nowhere.toml: no such file"),
        ("run --plugin nowhere.py", "plug-in nowhere.py: no such file"),
        ("run --epochs 0", "allowed: numbers above 0"),
        ("run --fine-tune Mixed_9z", "Mixed_7a"),
        ("run --batch-size 1", "batch size 1 is not allowed; allowed: 2 or more"),
        ("run --device tpu", "device 'tpu' is not allowed; allowed: auto, cpu"),
        ("run --data digits --device cuda:99", "use --device cpu"),
        ("run --precision fp8", "allowed: auto, fp32, bf16"),
        ("run --imbalance expo:10", "exp:RATIO"),
        ("run --strategies focal_loss:gamma=-1", "gamma"),
        (
            "run --strategies no_change,focal_loss:gamma=1 --baseline focal_loss",
            "'focal_loss' is none of the strategies asked for; choose one of no_change, focal_loss",
        ),
        ("run --data nowhere/", "nowhere"),
        ("data nowhere/", "nowhere"),
        ("report nowhere", "nowhere holds no run"),
        ("compare nowhere elsewhere", "nowhere holds no run"),
        ("compare one", "two"),
        ("check nowhere.py", "nowhere.py: no such file"),
    ],
)
def test_a_mistake_is_an_error_that_says_what_to_write(words, error, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a run in the checkout's results/ would take the strategies of it
    assert error in error_of(capsys, *words.split())


def test_an_unknown_strategy_is_an_error_before_any_image_is_read(capsys):
    error = error_of(capsys, "run", "--strategies", "focal_los", "--data", "nowhere")
    assert "unknown strategy 'focal_los'. Did you mean 'focal_loss'?" in error


def test_an_error_in_the_flags_says_where_help_is(capsys):
    assert error_of(capsys, "run", "--control").endswith("See `python -m benchmark run --help`.\n")
    assert error_of(capsys).endswith("See `python -m benchmark --help`.\n")


@pytest.mark.parametrize("name", ["run", "plan", "list", "report", "compare", "data", "check"])
def test_every_command_has_help_with_examples(name, capsys):
    with pytest.raises(SystemExit):
        main([name, "--help"])
    text = capsys.readouterr().out
    assert f"usage: python -m benchmark {name}" in text
    assert f"  python -m benchmark {name}" in text.partition("examples:\n")[2]


HEAVY = {"torch", "sklearn", "scipy", "matplotlib", "pandas"}


@pytest.mark.parametrize(
    ("words", "modules"),
    [
        (["--help"], HEAVY),
        (["run", "--help"], HEAVY),
        (["check", "--help"], HEAVY),
        (["list"], HEAVY),
        (["cache"], HEAVY),
        (["report", "nowhere"], {"torch"}),
        (["compare", "nowhere", "elsewhere"], {"torch"}),
        (["data", "digits"], {"torch"}),
    ],
)
def test_commands_that_train_nothing_import_no_torch(words, modules):
    code = f"""
import sys
from benchmark.cli import main
try:
    main({words!r})
except SystemExit:
    pass
print(*{modules!r} & set(sys.modules), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stderr.split()) & modules
