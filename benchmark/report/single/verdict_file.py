"""verdict.json: what a run found, for programs, from the same tables as the page."""

from __future__ import annotations

from collections.abc import Iterable

from benchmark.analysis.choice import choose_on_validation, validation_scores
from benchmark.analysis.claims import Claim
from benchmark.analysis.comparison import Comparison
from benchmark.analysis.noise_floor import noise_floor
from benchmark.analysis.scores import (
    Score,
    metric_scores,
    recall_scores,
    seeds_without_predictions,
)
from benchmark.evaluation.metrics.registry import main_metrics
from benchmark.report import verdict_schema as schema
from benchmark.report.single.follow_up import follow_up
from benchmark.report.single.notices import highlights, warnings
from benchmark.report.single.verdict import verdict

NAME = "verdict.json"


def build_verdict(comparison: Comparison, files: Iterable[str]) -> schema.Verdict:
    """Return the content of verdict.json; `files` are the names of the report's others."""
    manifest = comparison.manifest
    scores = validation_scores(comparison)
    by_name = {
        name: _strategy(comparison, name, scores.get(name)) for name in comparison.strategies
    }
    version = manifest.environment.get("benchmark")
    return schema.Verdict(
        name=manifest.name,
        version=None if version is None else str(version),
        is_complete=not comparison.incomplete,
        is_quick=manifest.quick,
        data=_data(comparison),
        settings=dict(manifest.experiment.settings),
        recipe=manifest.experiment.recipe.name,
        weights=manifest.weights.name,
        seeds=manifest.seeds,
        baseline=comparison.baseline,
        null_row=_null_row(comparison),
        best=_best(comparison, by_name),
        strategies=tuple(by_name.values()),
        verdict=_plain(verdict(comparison)),
        follow_up=_plain(follow_up(comparison)),
        highlights=tuple(map(_plain, highlights(comparison))),
        warnings=tuple(map(_plain, warnings(comparison))),
        files=tuple(sorted(files)),
    )


def _plain(text: str) -> str:
    """Return a sentence without the marks of names; a name holds no backtick, see `as_code`."""
    return text.replace("`", "")


def _data(comparison: Comparison) -> schema.DataVerdict:
    data = comparison.manifest.data
    counts = (comparison.classes, comparison.train_counts, comparison.test_counts)
    classes = tuple(schema.ClassImages(*numbers) for numbers in zip(*counts, strict=True))
    return schema.DataVerdict(
        data.name, data.description, data.images, data.groups, data.content, classes
    )


def _null_row(comparison: Comparison) -> schema.NullRowVerdict | None:
    floor = noise_floor(comparison)
    if floor is None:
        return None
    moves = {metric.name: floor.of_mean(metric.name) for metric in main_metrics()}
    return schema.NullRowVerdict(floor.name, floor.original, dict(moves))


def _best(
    comparison: Comparison, by_name: dict[str, schema.StrategyVerdict]
) -> schema.BestVerdict | None:
    choice = choose_on_validation(comparison)
    if choice is None:
        return None
    return schema.BestVerdict(
        choice.strategy,
        choice.score,
        choice.share,
        choice.is_sure,
        choice.choices,
        by_name[choice.strategy].metrics,
        _plain(choice.sentence),
    )


def _strategy(
    comparison: Comparison, name: str, validation: float | None
) -> schema.StrategyVerdict:
    info = next(info for info in comparison.manifest.competing if info.name == name)
    failures = comparison.failures[comparison.failures["strategy"] == name]
    status = comparison.summary.set_index("strategy")["status"]
    classes = _classes(comparison, name)
    seeds = sum(name in seed.predicted for seed in comparison.seed_predictions)
    return schema.StrategyVerdict(
        name=name,
        summary=info.doc.strip().split("\n", 1)[0],
        parameters=dict(info.parameters),
        status=str(status[name]),
        errors=tuple(
            schema.StrategyError(int(seed), str(error))
            for seed, error in zip(failures["seed"], failures["error"], strict=True)
        ),
        validation_macro_f1=validation,
        metrics=_metrics(comparison, name),
        never_predicted=tuple(
            c.name for c in classes if seeds and c.seeds_never_predicted == seeds
        ),
        classes=classes,
        failed_checks=tuple(comparison.failed_checks.get(name, ())),
        is_undertrained=comparison.still_falling.get(name, False),
    )


def _metrics(comparison: Comparison, strategy: str) -> tuple[schema.MetricVerdict, ...]:
    scores = metric_scores(comparison, strategy)
    return tuple(
        schema.MetricVerdict(
            metric.name,
            *scores[metric.name],
            _difference(comparison.claims.get((strategy, metric.name))),
        )
        for metric in main_metrics()
        if metric.name in scores
    )


def _classes(comparison: Comparison, strategy: str) -> tuple[schema.ClassVerdict, ...]:
    recalls = recall_scores(comparison, strategy)
    never = seeds_without_predictions(comparison, strategy)
    table = comparison.class_recalls
    rows = table[table["strategy"] == strategy].set_index("class")
    hits, images = (dict(rows[column].astype(int)) for column in ("hits", "images"))
    return tuple(
        schema.ClassVerdict(
            label,
            _number(score),
            int(hits[label]),
            int(images[label]),
            never.get(label, 0),
            _difference(comparison.class_claims.get((strategy, label))),
        )
        for label, score in recalls.items()
    )


def _number(score: Score) -> schema.Number:
    return schema.Number(*score)


def _difference(claim: Claim | None) -> schema.Difference | None:
    """Return a difference as `analysis.claims` judges it."""
    if claim is None:
        return None
    return schema.Difference(
        claim.difference,
        claim.low,
        claim.high,
        claim.p,
        claim.seeds,
        bool(claim.direction),
        claim.about_networks,
        tuple(doubt.name.lower() for doubt in claim.doubts),
    )
