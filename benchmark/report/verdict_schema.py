"""What verdict.json says of a run, as types: the report for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FORMAT = 1  # raise it when a field that there was goes, or means something else


@dataclass(frozen=True)
class Number:
    """A number, the mean over seeds, and its 95 % interval; null where there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Difference:
    """What a number is minus the baseline's, and whether that may be chance."""

    value: float | None
    low: float | None
    high: float | None
    p: float | None  # of the test that counts, corrected for all strategies; null for a recall
    seeds: int
    is_more_than_chance: bool
    about_networks: bool  # of one seed: another training may differ
    doubts: tuple[str, ...]  # why it may be chance: includes_0, noise, few_seeds, test, many_rows


@dataclass(frozen=True)
class MetricVerdict:
    """A metric of the first table, under one strategy."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    difference: Difference | None  # null of the baseline, and of a metric without an interval


@dataclass(frozen=True)
class ClassVerdict:
    """How a strategy does on the test images of a class, of all seeds."""

    name: str
    recall: Number
    hits: int
    test_images: int
    seeds_never_predicted: int  # seeds in which no test image gets this class
    difference: Difference | None  # of the recall


@dataclass(frozen=True)
class StrategyError:
    """Why a strategy failed with a seed."""

    seed: int
    error: str


@dataclass(frozen=True)
class StrategyVerdict:
    """One strategy of the run."""

    name: str
    summary: str  # the first line of its description
    parameters: dict[str, Any]
    status: str  # ok, failed or partly failed
    errors: tuple[StrategyError, ...]
    validation_macro_f1: float | None  # cross-fitted; null unless it finished every seed
    metrics: tuple[MetricVerdict, ...]
    never_predicted: tuple[str, ...]  # classes that no seed predicts for a test image
    classes: tuple[ClassVerdict, ...]  # by training size, largest first
    failed_checks: tuple[str, ...]  # expectations of the audit
    is_undertrained: bool  # its loss was still falling when training ended


@dataclass(frozen=True)
class BestVerdict:
    """The strategy that is best on validation images. Nothing is chosen on test images."""

    strategy: str
    validation_macro_f1: float
    share_of_resamples: float | None  # of the validation images, in which it is the best
    is_sure: bool
    strategies: int  # that it was chosen from
    test: tuple[MetricVerdict, ...]
    sentence: str


@dataclass(frozen=True)
class NullRowVerdict:
    """What training the same once more moves, by chance alone."""

    name: str
    original: str
    moves: dict[str, float | None]  # metric -> how far the means lie apart


@dataclass(frozen=True)
class ClassImages:
    """A class and its images."""

    name: str
    train_images: int  # mean over seeds
    test_images: int  # of all seeds


@dataclass(frozen=True)
class DataVerdict:
    """The data set of the run."""

    name: str
    description: str
    images: int
    groups: int | None
    content: str  # hash
    classes: tuple[ClassImages, ...]  # by training size, largest first


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """All that verdict.json holds, in this order."""

    format: int = FORMAT
    name: str
    version: str | None  # of the package that trained
    is_complete: bool  # every strategy has a record of every seed, be it one of a failure
    is_quick: bool  # a quick look: its numbers say nothing
    data: DataVerdict
    settings: dict[str, Any]
    recipe: str
    weights: str
    seeds: tuple[int, ...]
    baseline: str | None
    null_row: NullRowVerdict | None
    best: BestVerdict | None
    strategies: tuple[StrategyVerdict, ...]
    verdict: str
    follow_up: str  # what the tests settled, or which run would settle more
    highlights: tuple[str, ...]
    warnings: tuple[str, ...]
    files: tuple[str, ...]  # of the report, beside this one
