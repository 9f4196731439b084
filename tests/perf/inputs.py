"""What all contestants get: the same files, splits, weights, batch size. None of it is timed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmark.storage.atomic import read_json, write_json
from benchmark.storage.cache import cache_in


@dataclass(frozen=True)
class BenchConfig:
    """What is asked for; a bench goes on only under the same."""

    data: str
    weights: str
    image_size: int
    strategies: tuple[str, ...]
    seeds: tuple[int, ...]
    device: str
    precision: str

    @classmethod
    def from_json(cls, made: dict[str, Any]) -> BenchConfig:
        """Return what was written down."""
        lists = {name: tuple(made[name]) for name in ("strategies", "seeds")}
        return cls(**{**made, **lists})


@dataclass(frozen=True)
class Inputs:
    """What was prepared in a folder."""

    folder: Path  # holds weights.safetensors, decoded/, splits/
    images: str  # a folder of JPEGs, one folder a class
    about: dict[str, Any]  # sizes, batch size, steps, precision, device, versions

    @property
    def weights(self) -> Path:
        """Float32, by torchvision's names."""
        return self.folder / "weights.safetensors"

    @property
    def decoded(self) -> Path:
        """pixels.npy, (N, size, size, 3) uint8, and files.json."""
        return self.folder / "decoded"

    def split(self, seed: int) -> Path:
        """Files by part."""
        return self.folder / "splits" / f"seed{seed}.json"


def prepare_inputs(settings: BenchConfig, folder: Path) -> Inputs:
    """Render, split, decode and convert what is not there yet.

    Raises
    ------
    ValueError
        If the folder was made for other settings, or the data is a folder that torchvision's
        ImageFolder would read otherwise.
    """
    marker, asked = folder / "inputs.json", json.loads(json.dumps(asdict(settings)))
    if marker.exists():
        made = read_json(marker)
        if made["settings"] != asked:
            changed = [key for key in asked if asked[key] != made["settings"].get(key)]
            raise ValueError(
                f"{folder.parent} holds a bench with another "
                f"{', '.join(changed)}; choose another --out, or remove that folder"
            )
    else:
        images = _image_folder(settings, folder / "images")
        about = _lay_out(settings, images, folder)
        made = {"settings": asked, "images": images, "about": about}
        write_json(marker, made)
    return Inputs(folder, made["images"], made["about"])


def _image_folder(settings: BenchConfig, folder: Path) -> str:
    """Return the data as a folder of files, written now if it is none."""
    from benchmark.data.sources import open_data
    from tests.perf.photographs import is_plain, write_photographs

    images = open_data(settings.data)
    root = Path(settings.data).expanduser()
    if root.is_dir():
        if not is_plain(images, root):
            raise ValueError(
                f"{settings.data}: the bench needs one folder a class, {root.name}/<class>/<file>, "
                "as torchvision's ImageFolder reads it, without train/, val/ and test/ above them"
            )
        return str(root.resolve())
    shutil.rmtree(folder, ignore_errors=True)  # of a bench that was stopped
    write_photographs(images, images.read, folder, settings.image_size)
    return str(folder.resolve())


def _lay_out(settings: BenchConfig, images: str, folder: Path) -> dict[str, Any]:
    """Split by the harness' own rules, decode for `tuned`, write the weights."""
    import numpy as np
    import torch
    from safetensors.torch import save_file

    from benchmark import api
    from benchmark.model.inception_v3 import INCEPTION_V3
    from benchmark.model.pretrained import RANDOM_WEIGHTS_SEED
    from benchmark.plan.experiment import Experiment
    from benchmark.plan.run_options import RunOptions
    from benchmark.run.make_manifest import write_manifest
    from benchmark.system.provenance import environment

    with own_cache(folder / "cache"):
        experiment = Experiment(
            data=images,
            weights=settings.weights,
            seeds=settings.seeds,
            image_size=settings.image_size,
            device=settings.device,
            precision=settings.precision,
        )
        executor = api.plan(experiment, RunOptions(settings.strategies, out=folder))
        write_manifest(executor, None)
        prepared = executor.prepared
        decoded = folder / "decoded"
        decoded.mkdir(parents=True, exist_ok=True)
        np.save(decoded / "pixels.npy", prepared.pixels.array)
        write_json(decoded / "files.json", list(prepared.images.files))
        state = prepared.weights.read()
        if state is None:  # random ones; then all begin with these
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(RANDOM_WEIGHTS_SEED)
                made = INCEPTION_V3.build_network(None).state_dict().items()
            counter = "num_batches_tracked"
            state = {name: t.contiguous() for name, t in made if not name.endswith(counter)}
        save_file(state, folder / "weights.safetensors")
    on_gpu = prepared.device.type == "cuda"
    split = prepared.splits[settings.seeds[0]]
    return {
        "data": prepared.images.name if Path(settings.data).is_dir() else settings.data,
        "images": len(prepared.images),
        "classes": prepared.classes,
        "split": [len(getattr(split, part)) for part in ("train", "val", "test")],
        "weights": prepared.weights.name,
        "batch_size": {str(seed): one.batch_size for seed, one in prepared.budgets.items()},
        "steps": {str(seed): one.steps for seed, one in prepared.budgets.items()},
        "precision": "bf16" if prepared.device.precision == "bfloat16" else "fp32",
        "device": prepared.device.type,
        "gpu_memory": (
            torch.cuda.get_device_properties(prepared.device.torch_device).total_memory if on_gpu else None
        ),
        "environment": environment(prepared.device),
    }


@contextmanager
def own_cache(folder: Path) -> Iterator[None]:
    """Use an empty cache that goes away again: nobody's derived data makes anything faster."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with cache_in(folder):
            yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
