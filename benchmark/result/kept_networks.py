"""Which trained networks stay in the folder of a run."""

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
    """Remove the networks that `--keep` does not name; say which stay, and what they take."""
    store, networks = NetworkStore(executor.folder), executor.plan.networks
    seeds = executor.keeps_networks_of
    kept = {pair: key for pair, key in networks.items() if pair[1] in seeds}
    if keep == "best":
        wanted = {comparison.baseline, best_on_validation(comparison)}
        kept = {(name, seed): key for (name, seed), key in kept.items() if name in wanted}
    members_of = executor.plan.members_of
    wanted_keys = {member for key in kept.values() for member in members_of(key)}
    store.keep_only(wanted_keys)
    sizes = store.sizes(wanted_keys)
    if not sizes:
        return
    whole = (name for (name, _), key in kept.items() if sizes.keys() >= {*members_of(key)})
    names = list(dict.fromkeys(whole))
    which = join_names(names) if len(names) < 4 else pluralize(len(names), "strategy", "strategies")
    of_seeds = pluralize(len(seeds), "seed", "seeds") if len(seeds) > 1 else f"seed {min(seeds)}"
    size = format_size(sum(sizes.values()))
    progress.say(f"kept: the networks of {which} ({of_seeds}, {size}), for `export`")
