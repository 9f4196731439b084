"""Parameters chosen on validation, by as many trials for every strategy; the test set sees none.

Each seed chooses for itself: validation images of one seed are test images of another. A trial is
an ordinary network of the run's folder, so a tuning that was interrupted goes on, and what several
trials share is trained once. Optuna proposes what to try next (Akiba et al. 2019, arXiv 1907.10902;
its default sampler, Bergstra et al. 2011).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.evaluation.metrics import macro_f1
from benchmark.plan.segments import Plan, make_plan, merge_plans
from benchmark.strategy import Outputs
from benchmark.strategy.registry import StrategySpec, tunable, with_parameters
from benchmark.strategy.search_space import Between, SearchSpace

if TYPE_CHECKING:
    import optuna

    from benchmark.run.executor import Executor
    from benchmark.system.progress import NullProgress

FOLDS = 5
_DIGITS = 3  # of a number that is tried: it stands in names


@dataclass(frozen=True)
class Trial:
    """Parameters that were tried, and what came of it."""

    strategy: str
    seed: int
    parameters: dict[str, Any]  # those that are tuned
    score: float | None  # macro-F1 on validation, see `validation_score`; None: it failed


@dataclass(frozen=True)
class Tuned:
    """The plan with each strategy's best parameters, and how they were found."""

    plan: Plan
    trials: tuple[Trial, ...]


def tune(executor: Executor, trials: int, progress: NullProgress) -> Tuned:
    """Try `trials` sets of parameters of every strategy and seed, the defaults first.

    Strategies without parameters to tune stay as they are. The best of the trials is the one with
    the highest `validation_score`, the earliest of equals.

    Raises
    ------
    ImportError
        Without Optuna, saying how to install it.
    """
    searches = [
        _Search(one, seed, values)
        for one in executor.plan.asked
        if (values := tunable(one))
        for seed in executor.prepared.experiment.seeds
    ]
    done: list[Trial] = []
    for number in range(trials):
        progress.say(f"tuning: trial {number + 1} of {trials}")
        tried = [(search, *search.ask()) for search in searches]
        plan = _plan_of(executor, {(s.asked.name, s.seed): one for s, _, one in tried})
        trying = executor.with_plan(plan, records=False)
        trying.train(progress)
        for search, trial, one in tried:
            key = plan.outputs[search.asked.name, search.seed]
            score = _score(trying, one, search.seed, key)
            search.tell(trial, one, score)
            found = {name: one.parameters[name] for name in search.values}
            done.append(Trial(search.asked.name, search.seed, found, score))
    best = {(s.asked.name, s.seed): s.best for s in searches if s.best}
    return Tuned(_plan_of(executor, best), tuple(done))


class _Search:
    """The study of one strategy and seed."""

    def __init__(self, asked: StrategySpec, seed: int, values: dict[str, SearchSpace]) -> None:
        optuna = _optuna()
        self.asked, self.seed, self.values = asked, seed, values
        self.best: StrategySpec | None = None
        self._best_score = -np.inf
        self._study = optuna.create_study(
            direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed)
        )
        self._study.enqueue_trial({name: asked.parameters[name] for name in values})

    def ask(self) -> tuple[optuna.trial.Trial, StrategySpec]:
        """Return what to try next."""
        space = {name: _distribution(one) for name, one in self.values.items()}
        trial = self._study.ask(space)
        chosen = {
            name: float(f"{value:.{_DIGITS}g}") if isinstance(self.values[name], Between) else value
            for name, value in trial.params.items()
        }
        return trial, with_parameters(self.asked, **chosen)

    def tell(self, trial: optuna.trial.Trial, asked: StrategySpec, score: float | None) -> None:
        """Note what came of it."""
        failed = _optuna().trial.TrialState.FAIL if score is None else None
        self._study.tell(trial, score, state=failed)
        if score is not None and score > self._best_score:
            self.best, self._best_score = asked, score


def validation_score(asked: StrategySpec, outputs: Outputs, counts: np.ndarray) -> float:
    """Macro-F1 on validation images that the decision was not fitted on.

    The images are dealt into FOLDS parts, each class evenly; each part is decided by a rule fitted
    on the others. Of a decision that fits nothing it is plain macro-F1.
    """
    dealt = np.empty(len(outputs.labels), int)
    order = np.random.default_rng(0).permutation(len(outputs.labels))
    order = order[np.argsort(outputs.labels[order], kind="stable")]  # class by class, else random
    dealt[order] = np.arange(len(order)) % FOLDS
    predicted = np.empty(len(outputs.labels), np.int64)
    for fold in range(FOLDS):
        apart = dealt == fold
        if apart.any():
            rule = asked.strategy.decision.fit(outputs.of(~apart), counts)
            predicted[apart] = rule(outputs.of(apart).unlabelled())
    return macro_f1(outputs.labels, predicted, len(counts))


def _score(executor: Executor, asked: StrategySpec, seed: int, key: str) -> float | None:
    if not executor.folder.has_outputs(key):
        return None
    outputs, _ = executor.folder.load_outputs(key)
    try:
        return validation_score(asked, outputs["val"], executor.prepared.train_counts(seed))
    except Exception:  # the strategy's: it will be its row's error if its defaults do the same
        return None


def _plan_of(executor: Executor, instead: dict[tuple[str, int], StrategySpec]) -> Plan:
    """Lay out every strategy, with other parameters for some seeds than those asked for."""
    asked, prepared = executor.plan.asked, executor.prepared
    plans = []
    for seed, budget in prepared.budgets.items():
        of_seed = [instead.get((one.name, seed), one) for one in asked]
        plans.append(make_plan(of_seed, {seed: budget}, {seed: prepared.base_fingerprints[seed]}))
    return merge_plans(asked, plans)


def _distribution(values: SearchSpace) -> optuna.distributions.BaseDistribution:
    kinds = _optuna().distributions
    if isinstance(values, Between):
        return kinds.FloatDistribution(values.low, values.high, log=values.log)
    return kinds.CategoricalDistribution(values.values)


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise ImportError("--tune needs Optuna: pip install 'imbalance-bench[tune]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def to_json(trials: int, tuned: Tuned) -> dict[str, Any]:
    """Return what a report says of it."""
    return {"trials": trials, "tried": [vars(trial) for trial in tuned.trials]}


def tuning_text(executor: Executor, trials: int) -> str:
    """Say what would be tried."""
    seeds = len(executor.prepared.experiment.seeds)
    spaces = {one.name: tunable(one) for one in executor.plan.asked}
    lines = [
        f"  {name:<24} {'; '.join(f'{key} {values}' for key, values in space.items()) or 'nothing'}"
        for name, space in spaces.items()
    ]
    most = trials * seeds * sum(map(bool, spaces.values()))
    head = f"tuning     {trials} trials of each strategy on validation, up to {most} networks first"
    return "\n".join([head, *lines])
