"""A rule of the diagnosis, its causes, and the thresholds that rules compare signals with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmark.evaluation.diagnosis.neighbourhood import NEIGHBOURS

FEW_IMAGES = "too few images"
WEAK_FEATURES = "weak features"
UNDER_TRAINED = "under-trained"
OVER_FITTED = "over-fitted"
UNLIKE_LABELS = "training labels unlike these"
UNLIKE_IMAGES = "test images unlike training images"
NOT_LINEAR = "not linearly separable"
CONFUSABLE = "confusable"
WRONG_LABELS = "wrong labels"
PRIOR_BIAS = "prior bias"
UNDETERMINED = "undetermined"
CAUSES = (
    *(FEW_IMAGES, WEAK_FEATURES, UNDER_TRAINED, OVER_FITTED, UNLIKE_LABELS, UNLIKE_IMAGES),
    *(NOT_LINEAR, CONFUSABLE, WRONG_LABELS, PRIOR_BIAS, UNDETERMINED),
)

COMPONENTS = (  # of a strategy or of the data: what can be changed
    *("sampler", "augmentation", "loss", "head", "decision", "schedule"),
    *("budget", "images", "labels", "classes", "splits", "layers"),
)

# MIN_: a rule holds from this value on. MAX_: a rule holds up to it.
MIN_TRAIN_IMAGES = 10  # fewer are a cause of their own, whatever else there may be
FEW_SHOT_IMAGES = 20  # fewer training images are few-shot, if the class is not recognised otherwise
MIN_EVIDENCE_IMAGES = 6  # in validation and test; an AUC of fewer says nothing
MIN_IDENTICAL = 0.50  # share of images with the features of another one
MAX_SWAPPED_AUC = 0.30  # of a probe of training images against the confuser: labels are swapped
MIN_RUNNER_UP = 0.40  # share of moved images that go to the second largest output
MAX_SPLIT_P = 0.01  # that the network recognises more validation than test images by chance
MIN_RECALL_LOST = 0.25  # recall that the decision costs against the argmax
MAX_RECALL_RATIO = 0.70  # recall of the other classes: the network's over the probe's, below it
MIN_LEARNT_RECALL = 0.50  # of training images, of a class that the network has learnt
MAX_TRAIN_NEIGHBOURS = 0.62  # of images that lie apart from training images, see the signal
MAX_FAR_NEIGHBOURS = 0.30  # of images that lie far apart
MAX_TEST_NEIGHBOURS = 0.50  # the same of test images, among training and validation images
MAX_APART_P = 0.25  # the same, of test images that lie apart
MIN_TRAIN_NEIGHBOURS = 0.65  # of images that lie among them
MAX_WEAK_RECALL = 0.42  # of the other classes, by network and probes, where features are weak
MAX_WEAK_TRAIN_RECALL = 0.55  # and of their training images
MIN_PROBE_AUC = 0.75  # against all others
MIN_FAR_AUC = 0.65  # against all others, of images that lie far apart and are still a class
MIN_SHIFTED_AUC = 0.80  # against all others, of images that lie apart and are still a class
MIN_TRANSFER_LOSS = 0.20  # AUC that a probe loses when it changes sides
MIN_CONFUSER_LOSS = 0.40  # the same, against the main confuser
CONFUSER_AUC_LIMIT = 0.65  # up to it confuser and class are one, above they are separated
MAX_PROBE_CONFUSER_AUC = 0.80  # of the probe; above, the class and its confuser are not one
MIN_PRODUCTS_GAIN = 0.12  # AUC against the main confuser, of products over features and over .50
MAX_PRODUCTS_GAIN = 0.08  # of a class and a confuser that are one
MIN_CONFUSABLE_AUC = 0.50  # of probes from one side to the other: both sides tell the same
MIN_LIKENESS = 0.30  # to the confuser, see `_likeness`
MIN_LIKENESS_IF_SEPARATED = 0.20  # the same, for a class separated from all others but one
MIN_SEPARABILITY_AUC = 0.75  # against all others; from it on the class is separated
MAX_SEPARABILITY_AUC = 0.70  # up to it the class is not separated
MIN_PRIOR_FREE_RECALL = 0.45  # recall without the prior that indicates prior bias
MAX_TRANSFER_GAP = 0.12  # of that AUC, where labels and images of both sides are alike
MAX_FEW_RECALL = 0.36  # recall without the prior, below which few images are the cause
MAX_PRIOR_FREE_COST = 0.30  # recall that the large classes lose without the prior
MAX_IGNORED_RECALL = 0.70  # of training images, where the decision ignores these too
MIN_LIKE_NEIGHBOURS = 0.80  # of images that are surely like training images
MIN_LOSS_FALL = 0.15  # of the validation loss over the last third of the training
MIN_SURENESS = 0.36  # see the signal: the images are surely those of other classes
MIN_RECALL_OF_OTHERS = 0.48  # of the network; below, the features tell too little
MIN_FITTED_RECALL = 0.80  # of training images that are learnt by heart
MIN_FITTED_GAP = 0.30  # by which the other classes' recall is higher on training images
MAX_FITTED_SURENESS = 0.53  # such images lie between the classes
MIN_FITTED_AUC = 0.58  # against all others: something is learnt
MAX_FITTED_AUC = 0.85  # but not enough

THRESHOLDS = {"NEIGHBOURS": str(NEIGHBOURS)} | {
    name: f"{value:.2f}".replace("0.", ".", 1) if isinstance(value, float) else str(value)
    for name, value in dict(globals()).items()
    if name.isupper() and isinstance(value, float | int)
}  # as written

Signals = Mapping[str, float]


@dataclass(frozen=True)
class Rule:
    """One row of the table."""

    cause: str
    condition_template: str  # over the thresholds, see `condition`
    holds: Callable[[Signals], bool]  # False where a signal is nan
    explanation: str  # a template over signals, thresholds and {confuser}
    source: str
    suggestions: tuple[str, ...]  # out of COMPONENTS

    @property
    def condition(self) -> str:
        """When it holds, in plain English."""
        return self.condition_template.format(**THRESHOLDS)
