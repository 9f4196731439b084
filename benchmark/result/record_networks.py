"""The tensors of the network that a record of a run is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from benchmark.data.imageset import ImageSet
from benchmark.execution.manifest_schema import RunManifest
from benchmark.execution.networks import NetworkStore
from benchmark.execution.outputs import OutputStore
from benchmark.execution.record_schema import Record
from benchmark.execution.retraining import Retraining, again_folder
from benchmark.execution.run_folder import RunFolder
from benchmark.model.pretrained import Pretrained
from benchmark.model.registry import find_backbone
from benchmark.model.weights import Weights, load_weights
from benchmark.system.device import choose_device
from benchmark.system.progress import Progress
from benchmark.system.text import pluralize


@dataclass(frozen=True)
class RecordNetworks:
    """The trained network behind a record, or those of an ensemble: as kept, or trained again."""

    run: RunFolder
    manifest: RunManifest
    record: Record
    progress: Progress
    images: str | ImageSet | None

    @cached_property
    def weights(self) -> Weights:
        """The pretrained weights of the run; ValueError if they are not those any more."""
        settings = self.manifest.experiment.settings
        weights = load_weights(settings["weights"], find_backbone(settings["backbone"]))
        if weights.sha256 != self.manifest.weights.sha256:
            raise ValueError(
                f"weights {settings['weights']} are now {weights.name}, and the run began with "
                f"{self.manifest.weights.name} ({self.manifest.weights.source}): put these back"
            )
        return weights

    def trained(self) -> list[dict[str, Tensor]]:
        """Return the tensors of each network, of those that were not kept trained again."""
        kept, again = NetworkStore(self.run), NetworkStore(again_folder(self.run))
        # an earlier export may have trained one, for which no images are needed then
        stores = {
            key: next((store for store in (kept, again) if store.has(key)), None)
            for key in self.keys
        }
        if missing := [key for key, store in stores.items() if store is None]:
            which = f"{len(missing)} of {self._which}" if len(stores) > 1 else self._which
            was = "was not kept: it is" if len(missing) == 1 else "were not kept: they are"
            self.progress.say(f"{which} {was} trained again, {self._cost(missing)}")
            retraining = self._retraining()
            store = retraining.train_again(missing, self.progress)
            stores |= dict.fromkeys(missing, store)
            difference = retraining.largest_difference(missing, store)
            self.progress.say(
                "it is the same to the bit"
                if difference == 0
                else f"its logits on test images differ from the run's by {difference:.1e} at most"
            )
        return [store.tensors(key, self._pretrained) for key, store in stores.items() if store]

    def refitted(self) -> list[dict[str, Tensor]]:
        """Return the tensors of each network, trained on all images."""
        cost = self._cost(self.keys)
        self.progress.say(f"{self._which}: trained once more, on all images, {cost}")
        keys, store = self._retraining().refit(self.progress)
        return [store.tensors(key, self._pretrained) for key in keys]

    @property
    def keys(self) -> tuple[str, ...]:
        """The key of the network, or those of an ensemble's."""
        key = self.record.network
        return OutputStore(self.run).check(key).members or (key,)

    @property
    def _which(self) -> str:
        number = len(self.keys)
        networks = "network" if number == 1 else f"{number} networks"
        return f"the {networks} of {self.record.strategy} (seed {self.record.seed})"

    def _cost(self, keys: Sequence[str]) -> str:
        trained = [OutputStore(self.run).check(key) for key in keys]
        steps = pluralize(sum(each.steps for each in trained), "step", "steps")
        return f"{steps} that took {sum(each.seconds for each in trained):,.0f} s in the run"

    def _retraining(self) -> Retraining:
        return Retraining.open(self.run, self.manifest, self.record, self.progress, self.images)

    @property
    def _pretrained(self) -> Pretrained:
        experiment = self.manifest.experiment
        backbone, cut = experiment.settings["backbone"], experiment.first_trained
        return Pretrained(backbone, self.weights, cut, choose_device("cpu", "fp32"))
