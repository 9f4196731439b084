"""Strategies by name."""

import subprocess
import sys

import pytest

from benchmark.plugins import load_plugin
from benchmark.strategy import Stage, Strategy, find, strategy
from benchmark.strategy.registry import (
    groups,
    registered,
    require_fingerprints,
    resolve,
    with_parameters,
)

MISSION = [
    "no_change",
    "class_weights",
    "focal_loss",
    "random_oversampling",
    "augmentation_oversampling",
    "threshold_moving",
]


def names(specs):
    return [spec.name for spec in resolve(specs)]


def test_all_is_the_mission_in_its_order():
    assert names("all") == MISSION


def test_the_mission_comes_first():
    assert list(registered())[:6] == MISSION


def test_commas_separate_strategies_and_parameters():
    assert names("no_change, focal_loss:gamma=1,threshold_moving:base=crt,prior_weight=3") == [
        "no_change",
        "focal_loss:gamma=1.0",
        "threshold_moving:base=crt,prior_weight=3.0",
    ]


def test_a_strategy_that_is_named_twice_is_there_once():
    assert names("focal_loss,focal_loss:gamma=2,all") == [
        "focal_loss",
        *[name for name in MISSION if name != "focal_loss"],
    ]


def test_parameters_reach_the_strategy_and_its_name():
    (spec,) = resolve("focal_loss:gamma=1")
    assert spec.name == "focal_loss:gamma=1.0"
    assert spec.parameters == {"gamma": 1.0}
    assert spec.strategy.stages[0].loss.gamma == 1.0
    assert find("threshold_moving:base=focal_loss:gamma=1").stages == spec.strategy.stages


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("focal", "unknown strategy 'focal'. Did you mean 'focal_loss'"),
        ("nonsense", "Known: no_change, "),
        ("sampler", "Did you mean 'samplers'"),
        ("nonsense", "Groups: all, every, "),
        ("focal_loss:g=1", "gamma=2.0"),
        ("focal_loss:gamma=much", "gamma"),
        ("gamma=1", "write the name first"),
        ("", "use --strategies all"),
    ],
)
def test_errors_say_what_is_allowed(text, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        resolve(text)


PLUGIN = '''
from benchmark.strategy import Stage, Strategy, strategy

@strategy
def early_stop(fraction: float = 0.5) -> Strategy:
    """Half of the budget, then the head alone. train_from -> head"""
    return Strategy((Stage(fraction), Stage(1 - fraction, train_from="head")))

@strategy(groups=("stops", "losses"))
def late_stop() -> Strategy:
    """The head alone. train_from -> head"""
    return Strategy((Stage(train_from="head"),))
'''


@pytest.mark.usefixtures("forgotten")
def test_a_new_strategy_is_one_file(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(PLUGIN)
    load_plugin(file)
    assert names("all,early_stop:fraction=0.25") == [
        *MISSION,
        "early_stop",
        "early_stop:fraction=0.25",
    ]
    assert groups()["all"] == (*MISSION, "early_stop")
    assert groups()["stops"] == ("late_stop",)
    assert groups()["losses"][-1] == "late_stop"
    assert groups()["every"][-2:] == ("early_stop", "late_stop")


def test_every_strategy_is_in_a_group():
    assert list(groups())[:2] == ["all", "every"]
    assert set(registered()) - set(groups()["every"]) == {"cost_matrix"}, "it needs a file"
    assert all(entry.groups for entry in registered().values())
    of_labels = ["threshold_moving", "prior_correction", "tau_norm"]
    assert names("decisions") == [*of_labels, "temperature_scaling", "vector_scaling"]


def test_groups_and_single_names_can_be_mixed():
    assert names("no_change,noise,no_change,label_smoothing:epsilon=0.2") == [
        "no_change",
        "drop_suspects",
        "generalized_cross_entropy",
        "label_smoothing",
        "label_smoothing:epsilon=0.2",
    ]


def test_several_values_of_a_parameter_are_as_many_strategies():
    assert names("focal_loss:gamma=0.5,1,2,no_change") == [
        "focal_loss:gamma=0.5",
        "focal_loss:gamma=1.0",
        "focal_loss",
        "no_change",
    ]
    assert names("class_balanced_focal:gamma=1,2,beta=0.9,0.99") == [
        "class_balanced_focal:beta=0.9",
        "class_balanced_focal:beta=0.99",
        "class_balanced_focal:gamma=2.0,beta=0.9",
        "class_balanced_focal:gamma=2.0,beta=0.99",
    ]


def test_a_value_that_is_a_name_begins_a_new_strategy():
    assert names("threshold_moving:base=focal_loss,crt,mixup") == [
        "threshold_moving:base=focal_loss",
        "crt",
        "mixup",
    ]
    specs = resolve("prior_correction:tau=0.5,1,base=focal_loss")
    assert [spec.name for spec in specs] == [
        "prior_correction:base=focal_loss,tau=0.5",
        "prior_correction:base=focal_loss",
    ]
    assert {spec.strategy.stages for spec in specs} == {find("focal_loss").stages}


def test_strategies_build_on_each_other():
    stages = find("crt:base=mixup").stages
    (mixed,) = find("mixup").stages
    assert stages[0].mixing == mixed.mixing
    assert stages[1].train_from == "head"
    assert find("crt", base="mixup") == find("crt:base=mixup")


def test_strategies_are_listed_without_torch():
    code = (
        "import sys; from benchmark.strategy.registry import resolve\n"
        "resolve('all'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


RATES = '''
from benchmark.strategy import Stage, Strategy, strategy

@strategy
def slow_end() -> Strategy:
    """A tenth of the learning rates at the end. rates -> rates / 10"""
    return Strategy((Stage(0.8), Stage(0.2, lr_factor=0.1)))
'''


@pytest.mark.usefixtures("forgotten")
def test_a_tuned_factor_keeps_the_ratio_of_the_stages_rates(tmp_path):
    file = tmp_path / "rates.py"
    file.write_text(RATES)
    load_plugin(file)
    (spec,) = resolve("slow_end")
    tuned = with_parameters(spec, lr_factor=3.0).strategy
    assert [stage.lr_factor for stage in tuned.stages] == pytest.approx([3.0, 0.3])


class Unknowable:
    """Neither a dataclass nor a text."""

    def __repr__(self):
        raise SystemExit(0)


@pytest.mark.usefixtures("forgotten")
@pytest.mark.parametrize(
    ("component", "reason"),
    [(object(), "must be a frozen dataclass or a plain function"), (Unknowable(), "SystemExit")],
)
def test_what_can_have_no_key_is_told_with_its_strategy_and_file(component, reason):
    @strategy
    def mine() -> Strategy:
        """Mine."""
        return Strategy((Stage(loss=component),))

    with pytest.raises(ValueError, match=rf"strategy mine in .*test_registry\.py: .*{reason}"):
        require_fingerprints(resolve("no_change,mine"))
    require_fingerprints(resolve("no_change"))
