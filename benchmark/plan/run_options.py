"""Settings that choose what is compared and where results go. They change no trained network."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

from benchmark.plan.setting_readers import read_texts, split_values
from benchmark.plan.settings import OUTPUT, WHAT, BaseSettings, define_setting
from benchmark.spec import did_you_mean
from benchmark.storage.sizes import parse_size

TRACKERS = ("mlflow", "tensorboard", "wandb")  # as their packages are called


def _read_strategies(value: Any) -> str | tuple[str, ...]:
    if isinstance(value, Path):
        raise TypeError("a path names no strategy")
    if not (names := read_texts(value)):
        raise TypeError("the list is empty")
    return value if isinstance(value, str) else names


def _read_trackers(value: Any) -> tuple[str, ...]:
    names = [name for text in read_texts(value) for name in split_values(text) if name]
    for name in names:
        if name not in TRACKERS:
            close, known = did_you_mean(name, TRACKERS), ", ".join(TRACKERS)
            raise ValueError(f"track {name!r} is not allowed.{close} Allowed: {known}")
    return tuple(dict.fromkeys(names))


def _read_size(value: Any) -> int:
    if not isinstance(value, str | Real):
        raise TypeError(f"{value!r} is no size")
    try:
        # digits without an exponent, which 20e9 has
        return parse_size(value if isinstance(value, str) else f"{float(value):.0f}")
    except ValueError as error:
        raise ValueError(f"cache limit: {error}") from None


@dataclass(frozen=True)
class RunOptions(BaseSettings):
    """What is compared, and where the results go."""

    strategies: str | tuple[str, ...] = define_setting(
        "all",
        WHAT,
        "NAMES",
        reader=_read_strategies,
        accepts="str | Iterable[str]",
        allowed="`all` or names of strategies, as text or in a list",
    )
    """`all`, or names from `list` with commas between them, parameters after a colon, like
    NAME:gamma=1"""

    plugin: tuple[str, ...] = define_setting((), WHAT, "FILE.py")
    """a Python file that registers strategies or a network of your own, or the name of an
    installed package with strategies; its code is run; may be given again"""

    baseline: str | None = define_setting(None, WHAT, "NAME")
    """the strategy that the others are compared with, by the name that it has in the table
    (default: that of the run in the folder, or the strategy that changes nothing)"""

    no_null: bool = define_setting(False, WHAT)
    """leave out the null row: the baseline trained once more, with another order of images and
    another head, which shows what differs by chance; it costs one network a seed"""

    tune: int = define_setting(
        0, WHAT, "N", at_least=0, allowed="a number of trials, 1 or more, or 0 for none"
    )
    """choose every strategy's parameters on validation first, and a factor on the learning rate
    unless --lr gives it, the baseline's too, each by N trials, the defaults among them; parameters
    that are given stay, and so does the number of steps (default: no trials: all as it is)"""

    out: Path | None = define_setting(None, OUTPUT, "DIR")
    """folder of the run; that of the same experiment gets what is new, that of another is refused
    (default: one of its own in results/, named after the data, the recipe and what differs from
    the defaults)"""

    keep: str | None = define_setting(None, OUTPUT, "WHICH", choices=("best", "all", "none"))
    """trained networks that stay in the folder, for `export` and `predict`: best, the baseline's
    and that of the strategy that is best on validation, of the first seed; all; or none (default:
    best, of several runs none). `export` trains again what was not kept"""

    no_gallery: bool = define_setting(False, OUTPUT)
    """write no page with images of the data beside the report, for data that must not be copied;
    one that is there is removed (of several runs none is written)"""

    track: tuple[str, ...] = define_setting(
        (),
        OUTPUT,
        "TRACKER",
        reader=_read_trackers,
        accepts="str | Sequence[str]",
    )
    """log the finished run to mlflow, tensorboard or wandb: parameters, metrics by step and at the
    end, and the report; where to is set as these packages are used to, or it is the folder of the
    run (tensorboard); may be given again; the same results are logged once"""

    jobs: int | None = define_setting(None, OUTPUT, "N", at_least=1)
    """networks trained at the same time, each in a process of its own (default: on a CPU one a
    core, as far as memory goes; on GPUs --jobs-per-gpu on each of them)"""

    jobs_per_gpu: int = define_setting(1, OUTPUT, "N", at_least=1)
    """networks trained at the same time on each GPU, where --jobs does not say how many in all;
    more than one may pay for small images, and share the GPU's memory"""

    engine: str = define_setting("loky", OUTPUT, "NAME")
    """where networks are trained: loky, processes of this machine; or dask, ray or slurm, a
    cluster, with parameters after a colon, like slurm:partition=gpu. The folder of the run must be
    on a file system that all machines see"""

    scheduler: str | None = define_setting(None, OUTPUT, "ADDRESS")
    """a dask or ray cluster that runs already, like tcp://host:8786 (default: one is started on
    this machine)"""

    local_cache: Path | None = define_setting(None, OUTPUT, "DIR")
    """a folder on the own disk of each machine of a cluster, where its workers keep decoded images
    and activations, which each machine then makes once (default: the cache of this machine, if they
    see it, else their own)"""

    retry_failed: bool = define_setting(False, OUTPUT)
    """train again what failed in an earlier run; without it a strategy that failed is trained again
    only once its code or a setting has changed, or if the machine was the cause, as by a full
    disk"""

    cache_limit: int | None = define_setting(
        None,
        OUTPUT,
        "SIZE",
        reader=_read_size,
        accepts="int | str",
        allowed="a size like 20GB, or bytes",
    )
    """what decoded images and activations may take on the disk, like 20GB; what was used least
    recently is removed first (default: half of the disk's free space; see `cache`)"""

    @property
    def kept(self) -> str:
        """The value of `keep`, also where none is given."""
        return self.keep or "best"


def require_baseline(baseline: str, strategies: Sequence[str], whose: str) -> None:
    """Raise ValueError unless `baseline` is one of the strategies, by its full name."""
    if baseline not in strategies:
        raise ValueError(
            f"the baseline {baseline!r} is none of the strategies {whose}; "
            f"choose one of {', '.join(strategies)}"
        )
