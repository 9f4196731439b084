"""The strategy of a run that is best on validation, the one to take home, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.analysis.comparison import Comparison
from benchmark.evaluation.statistics.selection import shares_of_best
from benchmark.spec import did_you_mean
from benchmark.strategy.registry import full_name

SURE = 0.95  # share of resamples in which the same strategy is best


@dataclass(frozen=True)
class Choice:
    """The strategy of the largest macro-F1 on validation."""

    strategy: str
    score: float  # macro-F1, mean over seeds
    share: float  # of resampled validation images of which it is still the best; NaN: not known
    runner_up: str | None  # the strategy that is most often best otherwise
    runner_up_share: float  # of the same resamples
    choices: int  # strategies that it was chosen from

    @property
    def is_sure(self) -> bool:
        """Whether other validation images would hardly have led to another choice."""
        return self.choices == 1 or self.share >= SURE

    @property
    def sentence(self) -> str:
        """Say which strategy was chosen, and whether chance could have."""
        chosen = f"{self.strategy} is best on validation (macro-F1 {self.score:.3f})"
        if self.choices == 1:
            return f"{chosen}: it is the only one."
        if np.isnan(self.share):
            return f"{chosen}, of {self.choices}. How sure that is, is not known."
        often = f"{self.share:.0%} of 1,000 resamples of the validation images"
        if self.is_sure:
            return f"{chosen}, of {self.choices}. That is sure: it is the best in {often}."
        return (
            f"{chosen}, of {self.choices}. That could be chance: it is the best in {often}, and "
            f"{self.runner_up} in {self.runner_up_share:.0%}."
        )


def validation_scores(comparison: Comparison) -> dict[str, float]:
    """Return macro-F1 on validation, the mean over seeds, of strategies that finished every seed.

    It is cross-fitted: no image is decided by a rule that was fitted to it.
    """
    rows = comparison.seed_rows.astype({"val_macro_f1": float})
    means = rows.groupby("strategy")["val_macro_f1"].mean().dropna()
    return {name: float(means[name]) for name in comparison.finished_in_all_seeds if name in means}


def best_on_validation(comparison: Comparison) -> str | None:
    """Return the strategy of the largest validation score, of equal ones the first.

    None where no strategy has one.
    """
    scores = validation_scores(comparison)
    return max(scores, key=lambda name: scores[name], default=None)


def choose_on_validation(comparison: Comparison) -> Choice | None:
    """Return `best_on_validation`, and in how many resamples of the images it is still the best."""
    scores = validation_scores(comparison)
    best = best_on_validation(comparison)
    if best is None:
        return None
    shares = _shares(comparison, list(scores)) if len(scores) > 1 else {best: 1.0}
    others = {name: share for name, share in shares.items() if name != best}
    runner_up = max(others, key=lambda name: others[name], default=None)
    share, other = shares.get(best, np.nan), others.get(runner_up or "", np.nan)
    return Choice(best, scores[best], share, runner_up, other, len(scores))


def _shares(comparison: Comparison, names: list[str]) -> dict[str, float]:
    """Return `shares_of_best` by strategy; {} where a record does not hold what it takes."""
    findings, labels, predicted = comparison.findings, [], []
    for seed in comparison.seeds:
        unseen = [findings.cross_fitted.get((name, seed)) for name in names]
        known = [each for each in unseen if each is not None]
        if len(known) < len(names):
            return {}
        labels.append(findings.validation_labels[seed])
        predicted.append(np.array(known))
    shares = shares_of_best(labels, predicted, len(comparison.classes))
    return dict(zip(names, shares.tolist(), strict=True))


def require_strategy(strategy: str, comparison: Comparison) -> str:
    """Return the name that a strategy has in the table; ValueError if it is none of the run."""
    name = strategy if strategy in comparison.strategies else full_name(strategy)
    if name not in comparison.strategies:
        close = did_you_mean(name, comparison.strategies)
        raise ValueError(
            f"strategy {name!r} is none of the run.{close} Choose one of "
            f"{', '.join(comparison.strategies)}"
        )
    return name
