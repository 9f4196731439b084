"""From which value on a strategy helps: what is said of planted gains."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from benchmark.analysis.sweep import compare_sweep
from benchmark.report.sweep.gains import gain_sentences
from tests.analysis.test_contrasts import planted

EPOCHS = ("2", "4", "16")


def sentences(
    setting: str, gains: dict[str, float], noise: float = 0.0, seeds: int = 4, **more
) -> str:
    """Return what is said of a strategy with these gains under the values of a setting."""
    strategies = {"remedy": gains, **more}
    runs = [
        planted(
            {"no_change": 0.6, **{name: 0.6 + own[value] for name, own in strategies.items()}},
            seeds,
            noise=noise,
            first_seed=k,
        )
        for k, value in enumerate(gains)
    ]
    sweep = compare_sweep(Path("x"), (setting,), [(value,) for value in gains], runs)
    return " ".join(gain_sentences(sweep))


def test_a_strategy_that_stops_helping():
    text = sentences("epochs", {"2": 0.2, "4": 0.2, "16": 0.0})
    assert text.startswith(
        "Gains along the numbers of epochs: `remedy` raises macro-F1 up to 4 epochs (+."
    )
    assert " there, 95 %: +." in text
    assert ") and no longer clearly at 16 (±.000, 95 %: −." in text
    assert "; the gain falls from 4 to 16 (−." in text
    assert "not clear (" not in text


def test_a_strategy_that_begins_to_help_whatever_the_order_that_was_given():
    text = sentences("lr", {"0.01": 0.2, "0.001": 0.2, "0.0001": 0.0})
    assert "`remedy` does not clearly change macro-F1 at learning rate `0.0001` (±.000" in text
    assert ") and raises it from `0.001` on (+." in text
    assert "; the gain rises from `0.0001` to `0.001` (+." in text


def test_a_strategy_that_harms_at_one_end():
    text = sentences("batch_size", {"8": 0.2, "32": 0.0, "128": -0.2})
    assert "`remedy` raises macro-F1 at batch size `8` (+" in text
    assert ", no longer clearly at `32` (±.000" in text
    assert " and lowers it at `128` (−" in text
    assert text.count("; the gain falls from ") == 2


def test_a_strategy_that_holds():
    text = sentences("epochs", dict.fromkeys(EPOCHS, 0.2))
    assert text.endswith(" epochs: `remedy` raises macro-F1 under all 3 numbers of epochs.")
    assert sentences("epochs", dict.fromkeys(EPOCHS, -0.2)).endswith(
        "`remedy` lowers macro-F1 under all 3 numbers of epochs."
    )
    less = sentences("epochs", {"2": 0.3, "16": 0.15})
    assert "raises macro-F1 under both numbers of epochs, less under 16 (+" in less
    assert ") than under 2 (+" in less


@pytest.mark.parametrize("seeds", [3, 6])
def test_noise_alone_is_told_as_nothing(seeds):
    assert sentences("epochs", {"2": 0.01, "4": 0.0, "16": -0.01}, noise=0.03, seeds=seeds) == ""
    assert sentences("epochs", {"2": 0.2, "16": 0.0}, seeds=1) == "", "of one seed nothing is known"


def test_what_is_clear_here_and_unclear_there_may_be_the_same():
    """That one gain is clear and the other is not is no evidence that they differ."""
    text = sentences("epochs", {"2": 0.05, "16": 0.04}, noise=0.025, seeds=5)
    assert "raises macro-F1 at 2 epochs (+" in text
    assert "no longer clearly at 16 (+" in text
    assert "; whether the gain falls from 2 to 16 is not clear (−" in text


def test_values_without_an_order_are_told_one_by_one():
    text = sentences("recipe", {"forum": 0.0, "strong": 0.2})
    assert "`remedy` raises macro-F1 with recipe `strong` (+" in text
    assert ") and not clearly with `forum` (±.000" in text
    assert "; the gain is larger with `strong` than with `forum` (+" in text
    both = sentences("recipe", {"forum": -0.2, "strong": 0.2})
    assert ") and lowers it with `forum` (−" in both


def test_depths_are_ordered_by_how_much_is_trained():
    text = sentences("fine_tune", {"full": 0.2, "head": 0.0, "half": 0.2})
    assert "at depth `head` (±.000" in text
    assert "raises it from `half` on (+" in text


def test_the_others_are_counted():
    stops = {"2": 0.2, "4": 0.2, "16": 0.0}
    more = {f"s{k}": stops for k in range(4)} | {"same": dict.fromkeys(EPOCHS, 0.1)}
    text = sentences("epochs", stops, **more)
    assert "Of 2 more strategies the gain is clear under some numbers of epochs alone" in text
    assert text.endswith("`same` raises macro-F1 under all 3 numbers of epochs.")


def test_of_several_settings_gains_are_means_over_the_others():
    values = list(product(("head", "half"), ("2", "4")))
    runs = [
        planted({"no_change": 0.6, "remedy": 0.6 + (0.2 if depth == "head" else 0.0)})
        for depth, _ in values
    ]
    depth, epochs = gain_sentences(compare_sweep(Path("x"), ("fine_tune", "epochs"), values, runs))
    assert depth.startswith("Gains along the depths, means over the other settings: `remedy` ")
    assert "no longer clearly at `half`" in depth
    assert "raises macro-F1 under both numbers of epochs" in epochs
