"""The experiment: what is fixed before a run begins. Its fields are settings.

Strategies differ from the experiment only where they say so: data, splits, weights, image size,
phases, optimizer and step budget are the same for all of them.
"""

import re
from dataclasses import dataclass
from typing import Any

from benchmark.data.imageset import ImageSet
from benchmark.data.label_noise import noise
from benchmark.model.backbone import Backbone
from benchmark.model.registry import find_backbone
from benchmark.plan.experiment_values import (
    BUDGETS,
    MOST_SEEDS,
    PRECISIONS,
    are_positive,
    are_seeds,
    is_positive,
    is_strength,
    read_data,
    read_device,
    read_precision,
    read_recipe,
    read_seeds,
)
from benchmark.plan.recipes import LR_SCHEDULES, RECIPES, STRONGEST, Recipe, recipe_for
from benchmark.plan.schedule import Budget
from benchmark.plan.setting_readers import split_values
from benchmark.plan.settings import (
    IMAGES,
    OUTPUT,
    TRAINING,
    WHAT,
    BaseSettings,
    define_setting,
    settings_of,
)


@dataclass(frozen=True)
class Experiment(BaseSettings):
    """The settings of a run. Nothing is opened, downloaded or measured yet.

    Once it is made, `seeds` holds the seeds themselves, and `recipe` has the given `epochs` and
    `lr`. For a setting with `in_fingerprint=False` the key of a network holds what follows from
    it: pixels, split, recipe, each seed's batch size, the weights' hash, device type, precision.
    """

    data: str | ImageSet = define_setting(
        "wheels",
        IMAGES,
        "DATA",
        reader=read_data,
        accepts="str | Path | tuple[images, labels] | Dataset | DataFrame | ImageSet",
        allowed="text, a path, an image_set, a pair (images, labels), a torch Dataset of images, "
        "or a DataFrame with the columns path and label",
        in_fingerprint=False,
    )
    """a folder root/<class>/<file>, a .csv table (path,label), torchvision:NAME, digits, or the
    built-in wheels"""

    class_level: int | None = define_setting(None, IMAGES, "N", at_least=1, in_fingerprint=False)
    """which folders are the classes: 1 those in DATA, or in its train/, val/ and test/; 2 the
    folders below them; and so on (default: the first, unless that is ambiguous)"""

    merge_classes: bool = define_setting(False, IMAGES, in_fingerprint=False)
    """class names that are the same to a person, like Rust and rust, or 2 and 02, become one
    class"""

    allow_outside: bool = define_setting(False, IMAGES, in_fingerprint=False)
    """links in DATA, and rows of a table, may lead to files outside its folder; else they are left
    out, as data from elsewhere could name any file of yours"""

    labels: str | None = define_setting(
        None, IMAGES, "FILE", accepts="str | Path", in_fingerprint=False
    )
    """a CSV file path,label with corrected labels, as the command `labels` writes one: they hold in
    all splits; images that it does not name keep the labels of the data (default: none)"""

    imbalance: str = define_setting("natural", IMAGES, "PROFILE", in_fingerprint=False)
    """natural, or make training and validation long-tailed: exp:RATIO, step:RATIO,FRACTION; add
    @train to do so to training alone, @all to test too"""

    label_noise: noise.LabelNoise = define_setting(
        "0",
        IMAGES,
        "NOISE",
        reader=noise.read_label_noise,
        accepts="float | str | Path",
        allowed=noise.ALLOWED,
        in_fingerprint=False,
        several=split_values,
    )
    """make labels of the training images wrong, on purpose: a share like 0.18, toward any other
    class; asymmetric:0.18, toward the most similar one; or a CSV file path,label of given labels;
    add @val to do so to validation too; test labels stay right"""

    resplit: bool = define_setting(False, IMAGES, in_fingerprint=False)
    """data that come with a split: each seed makes splits of all images instead, as large as the
    given ones; else all seeds share the given images"""

    keep_duplicates_together: bool = define_setting(False, IMAGES, in_fingerprint=False)
    """images that look the same, like resized or re-encoded copies, stay in one split, as identical
    files do anyway; copies of images in a given split are left out of the training"""

    image_size: int = define_setting(128, IMAGES, "PIXELS")
    """images are squashed to a square of this side; InceptionV3 was made for 299 and takes 75 or
    more, the small backbones were made for 224 and take 32 or more"""

    backbone: str = define_setting("inception_v3", TRAINING, "NAME", several=split_values)
    """inception_v3, efficientnet_lite0, resnet18, or a backbone that a --plugin file registers"""

    weights: str = define_setting(
        "auto", TRAINING, "WEIGHTS", accepts="str | Path", in_fingerprint=False
    )
    """auto: the backbone's official ImageNet weights (cache, download or package), of InceptionV3
    else the bundled ones; imagenet; bundled; none; or a .pth or .safetensors file"""

    recipe: Recipe = define_setting(
        "forum",
        TRAINING,
        "NAME",
        reader=read_recipe,
        accepts="str | Recipe | Sequence[str | Recipe]",
        allowed=f"{' or '.join(RECIPES)}, or both as {','.join(RECIPES)}; in Python also a Recipe",
        several=split_values,
    )
    """forum or strong, see `list`; or forum,strong: a run under each, and a report that says
    whether the ranking holds"""

    fine_tune: str = define_setting("half", TRAINING, "DEPTH", several=split_values)
    """what the recipe's last phase trains: head, half (of InceptionV3 from Mixed_6c on), full, or
    the name of the first block to train, like Mixed_7a"""

    batch_size: int | None = define_setting(
        None, TRAINING, "N", at_least=2, in_fingerprint=False, several=split_values
    )
    """images in a step (default: the recipe's 64, halved for small sets until an epoch has 60
    steps, never below 8)"""

    budget: str = define_setting(
        "images",
        TRAINING,
        "UNIT",
        choices=BUDGETS,
        in_fingerprint=False,
        several=split_values,
    )
    """what stays the same where the batch size is another than the recipe's: images, so that small
    batches take more steps; or steps, so that they see fewer images"""

    lr: float | None = define_setting(
        None,
        TRAINING,
        "RATE",
        test=is_positive,
        allowed="a number above 0",
        in_fingerprint=False,
        several=split_values,
    )
    """learning rate (default: the recipe's)"""

    lr_schedule: str | None = define_setting(
        None, TRAINING, "NAME", choices=LR_SCHEDULES, in_fingerprint=False, several=split_values
    )
    """constant, or cosine: in each phase the learning rate falls to 0 along half a cosine (default:
    the recipe's)"""

    epochs: tuple[float, ...] | None = define_setting(
        None,
        TRAINING,
        "N[+N]",
        test=are_positive,
        accepts="float | str | Sequence[float | str]",
        allowed="numbers above 0, like 2, or like 2+3 for one a phase",
        in_fingerprint=False,
        several=split_values,
    )
    """epochs of each of the recipe's phases, or one number a phase as in 2+3; they fix the number
    of optimizer steps, which is the same for every strategy (default: the recipe's)"""

    augmentation: float | None = define_setting(
        None,
        TRAINING,
        "STRENGTH",
        test=is_strength,
        allowed=f"a number from 0 to {STRONGEST:g}",
        in_fingerprint=False,
        several=split_values,
    )
    """random augmentation of every image under every strategy: 0 for none, 1 for that of the recipe
    strong, 2 for twice its strength (default: the recipe's)"""

    seeds: tuple[int, ...] = define_setting(
        None,
        WHAT,
        "N",
        reader=read_seeds,
        test=are_seeds,
        accepts="int | Sequence[int]",
        allowed=f"a number of seeds, 1 or more, at most {MOST_SEEDS}; "
        "in Python also the seeds, each once",
        in_fingerprint=False,
    )
    """how many seeds, from 0 on; each is an initialisation, an order of images and, unless the data
    come with one, a split of its own, the same for all strategies (default: 1)"""

    seed_list: tuple[int, ...] | None = define_setting(
        None, WHAT, "N,N", test=are_seeds, in_fingerprint=False
    )
    """the seeds by their numbers, like 7,8, in place of --seeds"""

    device: str = define_setting(
        "auto",
        TRAINING,
        "DEVICE",
        reader=read_device,
        accepts="str | torch.device",
        test=lambda device: re.fullmatch(r"auto|cpu|cuda(:\d+(,\d+)*)?", device) is not None,
        allowed="auto, cpu, cuda, cuda:1 or cuda:0,2",
        in_fingerprint=False,
    )
    """auto, cpu, cuda for all GPUs that torch sees, or some of them, like cuda:1 or cuda:0,2;
    auto is cuda where there is a GPU"""

    precision: str = define_setting(
        "auto",
        TRAINING,
        "TYPE",
        reader=read_precision,
        accepts="str | torch.dtype",
        choices=("auto", *PRECISIONS.values()),
        in_fingerprint=False,
    )
    """fp32, bf16, or auto: bf16 where the device computes in it natively"""

    quick: bool = define_setting(False, OUTPUT, in_fingerprint=False)
    """try it out: about 300 of the images, one epoch a phase; no evidence"""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seeds and self.seed_list and self.seeds != self.seed_list:
            raise ValueError("seeds and seed-list are both given; give one of them")
        self._set("seeds", self.seeds or self.seed_list or (0,))
        epochs = (1,) if self.quick and self.epochs is None else self.epochs
        changes = (epochs, self.lr, self.lr_schedule, self.augmentation)
        self._set("recipe", recipe_for(self.recipe, *changes))
        if self.image_size < self.network.min_size:
            allowed = f"{self.network.min_size} or more ({self.backbone})"
            settings_of(Experiment)["image_size"].refuse(self.image_size, allowed)
        self.network.first_trained(self.fine_tune)

    @property
    def network(self) -> Backbone:
        """The network that is fine-tuned."""
        return find_backbone(self.backbone)

    @property
    def trainable(self) -> tuple[str, ...]:
        """Names of the blocks from the first that may be trained on; the last is the head."""
        return self.network.trainable(self.network.first_trained(self.fine_tune))

    def batch_size_for(self, images: int) -> int:
        """Return the batch size for a training split of this many images."""
        if self.batch_size is None:
            return self.recipe.batch_size_for(images)
        return min(self.batch_size, images)

    def budget_for(self, images: int) -> Budget:
        """Return the step budget for a training split of this many images."""
        as_by = self.recipe.batch_size_for(images) if self.budget == "steps" else None
        return Budget.from_phases(self.recipe.phases, images, self.batch_size_for(images), as_by)

    def describe(self) -> dict[str, Any]:
        """Return all settings by name, for the manifest."""
        data = self.data if isinstance(self.data, str) else self.data.spec
        names = {"recipe": self.recipe.name, "label_noise": self.label_noise.name}
        return {**super().describe(), "data": data, **names}

    def training_fingerprint(self) -> dict[str, Any]:
        """Return the settings that change a trained network, apart from data and weights."""
        definitions = settings_of(type(self)).items()
        values = {name: getattr(self, name) for name, d in definitions if d.in_fingerprint}
        return {**values, "recipe": self.recipe.fingerprint()}
