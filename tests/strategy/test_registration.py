"""The decorator `@strategy`."""

import pytest

from benchmark.strategy import Between, Strategy, strategy
from benchmark.strategy.registration import STRATEGIES
from benchmark.strategy.registry import registered

pytestmark = pytest.mark.usefixtures("forgotten")


def build(name, doc="Mine.", gamma=2.0):
    def mine(gamma: float = gamma) -> Strategy:
        return Strategy()

    mine.__name__, mine.__doc__ = name, doc
    return mine


def test_the_docstring_the_defaults_and_the_groups_are_kept():
    strategy(groups=("mine",), gamma=Between(1, 3))(build("first"))
    entry = STRATEGIES.get("first")
    assert (entry.summary, entry.defaults, entry.groups) == ("Mine.", {"gamma": 2.0}, ("mine",))
    assert entry.search == {"gamma": Between(1, 3)}
    assert entry.file.name == "test_registration.py"
    assert entry.build_default() == Strategy()


def test_a_strategy_without_groups_is_in_all():
    strategy(build("plain"))
    assert STRATEGIES.get("plain").groups == ("all",)


def test_a_parameter_cannot_have_the_name_of_the_factor_on_the_learning_rate():
    def mine(lr_factor: float = 1.0) -> Strategy:
        """Mine."""
        return Strategy()

    with pytest.raises(ValueError, match="lr_factor is the factor on the recipe's learning rates"):
        strategy(mine)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("mine", {"groups": "losses"}, r"groups must be a tuple of names, as \('losses',\)"),
        ("mine", {"groups": ()}, "groups must be a tuple of names"),
        ("mine", {"groups": ("every",)}, "may not contain 'every'"),
        ("mine", {"groups": ("a\nb`|",)}, r"'a\\nb`\|' can't be the name of a group of strategies"),
        ("no_change again", {}, "'no_change again' can't be the name of a strategy"),
        ("a:b=1", {}, "'a:b=1' can't be the name of a strategy: the command line could not select"),
        ("losses", {}, "losses would be the name of a group and of a strategy"),
        ("all", {}, "all would be the name of a group and of a strategy"),
        ("every", {}, "every would be the name of a group and of a strategy"),
        ("mine", {"groups": ("focal_loss",)}, "focal_loss would be the name of a group"),
        ("mine", {"gamma": Between(3, 5)}, "gamma is to be tuned over 3 to 5, so gamma must be"),
        ("mine", {"beta": Between(3, 5)}, "it has {'gamma': 2.0}"),
    ],
)
def test_wrong_groups_names_and_values_are_explained(name, options, message):
    registered()  # the built-in ones, whose groups and names are taken
    with pytest.raises(ValueError, match=message):
        strategy(**{"groups": ("all",), **options})(build(name))
    assert "mine" not in STRATEGIES


def test_a_docstring_is_needed():
    with pytest.raises(ValueError, match="needs a docstring: reports show it"):
        strategy(build("mine", doc=None))


def test_defaults_are_needed():
    def mine(gamma: float) -> Strategy:
        """Mine."""
        return Strategy()

    with pytest.raises(ValueError, match=r"every parameter needs a default, missing: \['gamma'\]"):
        strategy(mine)


def test_the_function_must_return_a_strategy():
    @strategy
    def mine():
        """Mine."""

    with pytest.raises(ValueError, match="mine returned an object of type NoneType; return"):
        STRATEGIES.get("mine").build_default()
