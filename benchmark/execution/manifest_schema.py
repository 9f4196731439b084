"""The files that say what a run is, as types. No torch is imported here."""

from dataclasses import dataclass, field, fields, replace
from typing import Any

from benchmark.storage.number_columns import Integers, Names
from benchmark.storage.typed_json import SCHEMA_VERSION


@dataclass(frozen=True)
class RecipeInfo:
    """The training recipe of a run."""

    name: str
    description: str
    phases: tuple[dict[str, Any], ...]  # the fields of `Phase`
    batch_size: int  # before it is halved for small data sets
    weight_decay: float
    momentum: float | None
    augmentation: str


@dataclass(frozen=True)
class ExperimentInfo:
    """The settings of a run, and what followed from them."""

    settings: dict[str, Any]  # all of them by name, as given
    recipe: RecipeInfo
    batch_size: int  # of the first seed, as are the steps
    phase_steps: tuple[int, ...]
    first_trained: str  # the first block that the recipe may train
    changed: tuple[str, ...]  # settings that differ from the recipe's own: epochs, lr, fine_tune
    precision: str  # as chosen, also where the setting was "auto"
    device: str  # the same
    trained_blocks: int | None = None  # how many it may train, beside the head; None: not known


@dataclass(frozen=True)
class DataInfo:
    """The data set of a run; C classes."""

    name: str
    spec: str
    description: str
    images: int
    groups: int | None  # None: images do not come in groups
    classes: tuple[str, ...]  # (C,)
    counts: dict[str, tuple[int, ...]]  # split -> (C,) images, for the first seed
    content: str  # hash of names, contents, labels, groups and given splits, see `content_hash`
    # files that are no images of the run -> why: those that can't be read, links that leave, ...
    left_out: dict[str, str] = field(default_factory=dict)
    # kind of grey of more than 8 bits (Pillow's mode) -> the values that become black and white
    grey_scales: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class WeightsInfo:
    """The pretrained weights of a run."""

    name: str
    source: str
    sha256: str


@dataclass(frozen=True)
class StrategyInfo:
    """A strategy of the run."""

    name: str
    doc: str
    parameters: dict[str, Any]  # where seeds differ in one: all values, joined by commas
    networks: dict[int, str]  # seed -> key of its network
    # of the null row: the strategy that it trains once more; None: it competes
    replicate_of: str | None = None
    members: tuple[str, ...] = ()  # strategies whose networks it averages; none: it has its own

    @property
    def is_null(self) -> bool:
        """Whether it is the null row, which competes with none: what it moves is noise."""
        return self.replicate_of is not None


@dataclass(frozen=True)
class AvailableStrategy:
    """A strategy that was registered when the run was made, whether it ran or not."""

    summary: str
    components: tuple[str, ...]  # components that differ from plain training


@dataclass(frozen=True)
class TrialResult:
    """Parameters that were tried, and their score."""

    strategy: str
    seed: int
    parameters: dict[str, Any]  # the tuned ones
    score: float | None  # macro-F1 on validation, see `validation_score`; None: the trial failed


@dataclass(frozen=True)
class TuningInfo:
    """How the parameters of the strategies were chosen."""

    trials: int  # of each strategy and seed
    results: tuple[TrialResult, ...]


@dataclass(frozen=True, kw_only=True)
class RunManifest:
    """All that a run was asked to do, on what data, with what weights, hardware and versions."""

    schema_version: int = SCHEMA_VERSION
    name: str
    command: str | None
    quick: bool
    experiment: ExperimentInfo
    data: DataInfo
    weights: WeightsInfo
    environment: dict[str, str | int | None]
    seeds: tuple[int, ...]
    splits: dict[int, str]  # seed -> the hash that its file of splits carries
    strategies: tuple[StrategyInfo, ...]
    available: dict[str, AvailableStrategy]
    baseline: str | None
    tuning: TuningInfo | None
    messages: tuple[str, ...]

    @property
    def competing(self) -> list[StrategyInfo]:
        """All strategies but the null row."""
        return [strategy for strategy in self.strategies if not strategy.is_null]


@dataclass(frozen=True)
class SplitPart:
    """The images of one split, N of them."""

    counts: tuple[int, ...]  # (C,)
    labels: Integers  # (N,) as they are given
    files: Names  # (N,)
    groups: Integers | None = None  # (N,), None: images do not come in groups
    # (N,), where some of `labels` were made wrong on purpose; None: none were
    right_labels: Integers | None = None


@dataclass(frozen=True)
class SplitManifest:
    """The three splits of one seed."""

    train: SplitPart
    val: SplitPart
    test: SplitPart

    def sharing(self, names: dict[str, str]) -> "SplitManifest":
        """Return the same with the texts in `names`, which gets those it lacks.

        So seeds that have the same images hold each name once: of a million, 0.1 GB a seed.
        """
        parts = {
            each.name: replace(part, files=Names(map(names.setdefault, part.files, part.files)))
            for each in fields(self)
            if (part := getattr(self, each.name))
        }
        return replace(self, **parts)


@dataclass(frozen=True)
class RunCost:
    """What the last run in a folder took: cost.json."""

    seconds: dict[str, float]  # by task
    whole: float  # seconds of all of it
    stores_in_memory: int  # bytes of activations in the host's memory
