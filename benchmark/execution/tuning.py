"""Choose the parameters of strategies on validation images; the test images are never looked at.

Every strategy has the same number of trials, the baseline too: each tries a factor on the recipe's
learning rates besides its own parameters, unless the rate is given. The number of steps stays, so
epochs are not tried. Each seed chooses for itself, since the validation images of one seed may be
test images of another. A trial is an ordinary network in the run's folder, so an interrupted search
goes on, and what several trials share is trained once. Optuna proposes parameters (Akiba et al.
2019, arXiv 1907.10902) by its default sampler (Bergstra et al. 2011).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.metrics.classification import macro_f1
from benchmark.execution.ensembles import combine_members
from benchmark.execution.executor import Executor
from benchmark.execution.manifest_schema import TrialResult, TuningInfo
from benchmark.execution.strategy_code import failure_of
from benchmark.plan.null_row import replicate, without_null_row
from benchmark.plan.segments import Plan, make_plan, merge_plans
from benchmark.strategy import Outputs
from benchmark.strategy.cross_fit import cross_fit
from benchmark.strategy.registry import StrategySpec, tunable, with_parameters
from benchmark.strategy.search_space import LR_FACTOR, Between, SearchSpace
from benchmark.system.progress import Progress

if TYPE_CHECKING:
    import optuna

_DIGITS = 3  # of a number that is tried: numbers are part of a strategy's name


def tune(executor: Executor, trials: int, progress: Progress) -> tuple[Plan, TuningInfo]:
    """Try `trials` sets of parameters for every strategy and seed, the defaults first.

    The plan that is returned has the best of each: the highest `validation_score`, of equal ones
    the earliest. Strategies without parameters to tune stay as they are. The null row takes those
    of the strategy that it repeats, and is in no trial.

    Raises
    ------
    ModuleNotFoundError
        Without Optuna, saying how to install it.
    """
    studies = [
        _Study(spec, seed, spaces)
        for spec in executor.plan.strategies
        if (spaces := tunable(spec, executor.prepared.experiment.lr is None))
        for seed in executor.prepared.experiment.seeds
    ]
    strategies, results = executor.plan.strategies, list[TrialResult]()
    competing = without_null_row(strategies)
    for number in range(trials):
        progress.say(f"tuning: trial {number + 1} of {trials}")
        suggestions = [(study, *study.suggest()) for study in studies]
        plan = _make_plan(executor, competing, {s.index: spec for s, _, spec in suggestions})
        trial_executor = executor.with_plan(plan, writes_records=False)
        trial_executor.train(progress)
        combine_members(plan, trial_executor.folder)
        for study, trial, spec in suggestions:
            planned, key = plan.specs[study.index], plan.networks[study.index]
            score = _score(trial_executor, planned, study.seed, key)
            study.add(trial, spec, score)
            parameters = {name: spec.parameters[name] for name in study.spaces}
            results.append(TrialResult(study.spec.name, study.seed, parameters, score))
    best = {study.index: study.best for study in studies if study.best}
    return _make_plan(executor, strategies, best), TuningInfo(trials, tuple(results))


def require_optuna() -> None:
    """Raise ModuleNotFoundError without Optuna, saying how to install it."""
    _import_optuna()


class _Study:
    """The search for the parameters of one strategy and seed."""

    def __init__(self, spec: StrategySpec, seed: int, spaces: dict[str, SearchSpace]) -> None:
        optuna = _import_optuna()
        self.spec, self.seed, self.spaces = spec, seed, spaces
        self.index = spec.name, seed
        self.best: StrategySpec | None = None
        self._best_score = -np.inf
        self._study = optuna.create_study(
            direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed)
        )
        defaults = {LR_FACTOR: 1.0, **spec.parameters}
        self._study.enqueue_trial({name: defaults[name] for name in spaces})

    def suggest(self) -> tuple[optuna.trial.Trial, StrategySpec]:
        """Return the next trial, and the strategy with its parameters."""
        trial = self._study.ask({name: _distribution(s) for name, s in self.spaces.items()})
        parameters = {
            name: float(f"{value:.{_DIGITS}g}") if isinstance(self.spaces[name], Between) else value
            for name, value in trial.params.items()
        }
        return trial, with_parameters(self.spec, **parameters)

    def add(self, trial: optuna.trial.Trial, spec: StrategySpec, score: float | None) -> None:
        """Add the result of a trial; None if it failed."""
        state = _import_optuna().trial.TrialState.FAIL if score is None else None
        self._study.tell(trial, score, state=state)
        if score is not None and score > self._best_score:
            self.best, self._best_score = spec, score


def validation_score(
    spec: StrategySpec, outputs: Outputs, train_counts: NDArray[np.int64]
) -> float:
    """Return the macro-F1 on validation images, each decided by a rule not fitted to it."""
    predicted = cross_fit(spec.strategy.decision, outputs, train_counts)
    return macro_f1(outputs.labels, predicted, len(train_counts))


def _score(executor: Executor, spec: StrategySpec, seed: int, key: str) -> float | None:
    if not executor.outputs.has(key):
        return None
    outputs, _ = executor.outputs.load(key)
    counts, scores = executor.prepared.train_counts(seed), list[float]()
    # the failure of a decision is not kept: if the defaults fail too, the record will show it
    failure_of(lambda: scores.append(validation_score(spec, outputs["val"], counts)))
    return scores[0] if scores else None


def _make_plan(
    executor: Executor,
    strategies: Sequence[StrategySpec],
    instead: Mapping[tuple[str, int], StrategySpec],
) -> Plan:
    """Plan strategies, with other parameters for some of them in some seeds."""
    prepared, plans = executor.prepared, []
    for seed, budget in prepared.budgets.items():
        chosen = {spec.name: instead.get((spec.name, seed), spec) for spec in strategies}
        specs = [
            replicate(chosen[spec.replicate_of]) if spec.replicate_of else spec
            for spec in chosen.values()
        ]
        base = {seed: prepared.base_fingerprints[seed]}
        plans.append(make_plan(specs, {seed: budget}, base, prepared.images.classes))
    return merge_plans(strategies, plans)


def _distribution(space: SearchSpace) -> optuna.distributions.BaseDistribution:
    distributions = _import_optuna().distributions
    if isinstance(space, Between):
        return distributions.FloatDistribution(space.low, space.high, log=space.log)
    return distributions.CategoricalDistribution(space.values)


def _import_optuna() -> Any:
    """Import Optuna, which is an optional dependency; see `require_optuna`."""
    try:
        import optuna
    except ImportError as error:
        needed = "tuning needs the package Optuna: pip install 'imbalance-bench[tune]'"
        raise ModuleNotFoundError(needed) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
