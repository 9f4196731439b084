"""Which trained networks stay in the folder of a run."""

from collections.abc import Sequence

from benchmark.analysis.choice import best_on_validation
from benchmark.analysis.comparison import Comparison
from benchmark.execution.executor import Executor
from benchmark.execution.networks import NetworkStore
from benchmark.storage.sizes import format_size
from benchmark.system.progress import Progress
from benchmark.system.text import join_names, pluralize


def keep_networks(
    executor: Executor, comparison: Comparison, keep: str, progress: Progress
) -> None:
    """Remove the networks that `--keep` does not name; say which stay, and what they take.

    Of those that it names, some may not be there: a network is written where it is trained, and
    trials of a search are not.
    """
    store, seeds = NetworkStore(executor.folder), executor.keeps_networks_of
    wanted = {
        pair: executor.plan.members_of(key)
        for pair, key in executor.plan.networks.items()
        if pair[1] in seeds
    }
    if keep == "best":
        names = {comparison.baseline, best_on_validation(comparison)}
        wanted = {pair: keys for pair, keys in wanted.items() if pair[0] in names}
    keys = {key for members in wanted.values() for key in members}
    store.keep_only(keys)
    sizes = store.sizes(keys)
    kept = [pair for pair, members in wanted.items() if sizes.keys() >= {*members}]
    if kept:
        size = format_size(sum(sizes.values()))
        progress.say(f"kept: the networks of {_whose(kept, f', {size}')}, for `export`")
    missing = [
        (name, seed)
        for name, seed in wanted
        if (name, seed) not in kept
        and name in comparison.strategies  # the null row can't be exported
        and executor.outputs.has(executor.plan.networks[name, seed])  # it did not fail
    ]
    if missing:
        progress.say(
            f"not kept: the networks of {_whose(missing)}, which were trained by an earlier "
            "command or as trials, or found no room; `export` trains them again"
        )


def _whose(pairs: Sequence[tuple[str, int]], more: str = "") -> str:
    """Return strategies and seeds as "a and b (seed 0)"."""
    names = list(dict.fromkeys(name for name, _ in pairs))
    seeds = sorted({seed for _, seed in pairs})
    which = join_names(names) if len(names) < 4 else pluralize(len(names), "strategy", "strategies")
    of_seeds = f"seed {seeds[0]}" if len(seeds) == 1 else pluralize(len(seeds), "seed", "seeds")
    return f"{which} ({of_seeds}{more})"
