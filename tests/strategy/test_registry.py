"""Strategies by name."""

import subprocess
import sys
import textwrap

import pytest

from benchmark.strategy import find
from benchmark.strategy.registry import groups, names_in, registered, resolve

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
    text = "no_change, focal_loss:gamma=1,threshold_moving:base=focal_loss,prior_weight=3"
    assert names_in(text) == [
        "no_change",
        "focal_loss:gamma=1",
        "threshold_moving:base=focal_loss,prior_weight=3",
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
    assert find("threshold_moving:base=focal_loss:gamma=1").stages == one.strategy.stages


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
        "import sys; from benchmark.plugins import load_plugin\n"
        "from benchmark.strategy.registry import resolve\n"
        "load_plugin(sys.argv[1])\n"
        "print(*[one.name for one in resolve('all,early_stop:share=0.25')])"
    )
    names = subprocess.run(
        [sys.executable, "-c", code, plugin], capture_output=True, text=True, check=True
    ).stdout.split()
    assert names == [*MISSION, "early_stop", "early_stop:share=0.25"]


def test_every_is_all_that_are_here_and_groups_are_parts_of_it():
    here = groups()
    assert list(here)[:2] == ["all", "every"]
    assert set(here["every"]) == set(registered())
    assert {name for group in here.values() for name in group} == set(registered())
    assert [one.name for one in resolve("decisions")] == [
        "threshold_moving",
        "prior_correction",
        "tau_norm",
    ]


def test_groups_and_single_names_can_be_asked_for_together():
    asked = [one.name for one in resolve("no_change,noise,no_change,label_smoothing:epsilon=0.2")]
    assert asked == [
        "no_change",
        "label_smoothing",
        "generalized_cross_entropy",
        "label_smoothing:epsilon=0.2",
    ]


def test_several_values_of_a_parameter_are_as_many_strategies():
    assert [one.name for one in resolve("focal_loss:gamma=0.5,1,2,no_change")] == [
        "focal_loss:gamma=0.5",
        "focal_loss:gamma=1.0",
        "focal_loss",
        "no_change",
    ]
    asked = [one.name for one in resolve("class_balanced_focal:gamma=1,2,beta=0.9,0.99")]
    assert asked == [
        "class_balanced_focal:beta=0.9",
        "class_balanced_focal:beta=0.99",
        "class_balanced_focal:gamma=2.0,beta=0.9",
        "class_balanced_focal:gamma=2.0,beta=0.99",
    ]


def test_a_sweep_of_what_another_builds_on():
    asked = [one.name for one in resolve("threshold_moving:base=focal_loss,crt,mixup")]
    assert asked == ["threshold_moving:base=focal_loss", "crt", "mixup"], "names begin anew"
    asked = resolve("prior_correction:tau=0.5,1,base=focal_loss")
    assert [one.name for one in asked] == [
        "prior_correction:base=focal_loss,tau=0.5",
        "prior_correction:base=focal_loss",
    ]
    assert {one.strategy.stages for one in asked} == {find("focal_loss").stages}


def test_strategies_build_on_each_other():
    stages = find("crt:base=mixup").stages
    (mixed,) = find("mixup").stages
    assert stages[0].mixing == mixed.mixing
    assert stages[1].train_from == "head"
    assert find("crt", base="mixup") == find("crt:base=mixup")


def test_listing_strategies_needs_no_torch():
    code = (
        "import sys; from benchmark.strategy.registry import resolve\n"
        "resolve('all'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
