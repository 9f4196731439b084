"""Strategies by name."""

import subprocess
import sys
import textwrap

import pytest

from benchmark.strategy import Strategy, find
from benchmark.strategy.registry import load_plugin, names_in, resolve

MISSION = [
    "no_change",
    "class_weights",
    "focal_loss",
    "random_oversampling",
    "augmentation_oversampling",
    "threshold_moving",
]


def test_all_is_the_mission_in_its_order():
    assert [one.name for one in resolve("all")] == MISSION


def test_commas_separate_strategies_and_parameters():
    text = "no_change, focal_loss:gamma=1,threshold_moving:on=focal_loss,prior_weight=3"
    assert names_in(text) == [
        "no_change",
        "focal_loss:gamma=1",
        "threshold_moving:on=focal_loss,prior_weight=3",
    ]


def test_the_same_strategy_asked_for_twice_is_one():
    assert [one.name for one in resolve("focal_loss,focal_loss:gamma=2,all")] == [
        "focal_loss",
        *[name for name in MISSION if name != "focal_loss"],
    ]


def test_parameters_reach_the_strategy_and_its_name():
    (one,) = resolve("focal_loss:gamma=1")
    assert one.name == "focal_loss:gamma=1.0"
    assert one.strategy.stages[0].loss.gamma == 1.0
    assert find("threshold_moving:on=focal_loss:gamma=1").stages == one.strategy.stages


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("focal", "unknown strategy 'focal'. Did you mean 'focal_loss'"),
        ("nonsense", "Known: no_change, "),
        ("focal_loss:g=1", "gamma=2.0"),
        ("focal_loss:gamma=much", "gamma"),
        ("gamma=1", "before any strategy"),
        ("", "use --strategies all"),
    ],
)
def test_errors_say_what_is_allowed(text, says):
    with pytest.raises(ValueError, match=says.replace("(", r"\(")):
        resolve(text)


def test_a_plugin_is_part_of_all(tmp_path):
    """In a process of its own: a registered strategy stays registered."""
    plugin = tmp_path / "mine.py"
    plugin.write_text(
        textwrap.dedent('''
            from benchmark.strategy import Stage, Strategy, strategy

            @strategy
            def early_stop(share: float = 0.5) -> Strategy:
                """Half of the budget, then the head alone. trains -> head"""
                return Strategy((Stage(share), Stage(1 - share, trains="head")))
            ''')
    )
    code = (
        "import sys; from benchmark.strategy.registry import load_plugin, resolve\n"
        "load_plugin(sys.argv[1])\n"
        "print(*[one.name for one in resolve('all,early_stop:share=0.25')])"
    )
    names = subprocess.run(
        [sys.executable, "-c", code, plugin], capture_output=True, text=True, check=True
    ).stdout.split()
    assert names == [*MISSION, "early_stop", "early_stop:share=0.25"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError"),
        ("x = 1", "decorated with @strategy"),
        (
            "from benchmark.strategy import *\n@strategy\ndef a() -> Strategy: return Strategy()",
            "needs a docstring",
        ),
        (
            "from benchmark.strategy import *\n@strategy\ndef no_change() -> Strategy:\n"
            "  'Mine.'\n  return Strategy()",
            "there is a strategy 'no_change' already, in no_change.py; give the one in broken.py",
        ),
        (
            "from benchmark.strategy import *\n@strategy\ndef a(b: int) -> Strategy:\n"
            "  'Mine.'\n  return Strategy()",
            "every parameter needs a default",
        ),
    ],
)
def test_a_broken_plugin_says_what_is_wrong(tmp_path, text, says):
    plugin = tmp_path / "broken.py"
    plugin.write_text(text)
    with pytest.raises(ValueError, match=says):
        load_plugin(plugin)
    assert find("no_change") == Strategy()


def test_a_missing_plugin_is_named():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.py"):
        load_plugin("nowhere.py")


def test_listing_strategies_needs_no_torch():
    code = (
        "import sys; from benchmark.strategy.registry import resolve\n"
        "resolve('all'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
