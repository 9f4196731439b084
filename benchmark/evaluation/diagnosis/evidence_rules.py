"""The rules that come first: what speaks of the images, their number and the decision alone."""

from math import isnan

from benchmark.evaluation.diagnosis import rule as limits
from benchmark.evaluation.diagnosis.rule import (
    FEW_IMAGES,
    PRIOR_BIAS,
    UNDETERMINED,
    UNLIKE_IMAGES,
    Rule,
    Signals,
)


def labels_differ(s: Signals) -> bool:
    """Whether a probe of validation and test images holds for these, not for training images."""
    loss = s["probe_auc"] - s["transfer_auc"]
    confuser_loss = s["probe_confuser_auc"] - s["transfer_confuser_auc"]
    return (
        s["probe_auc"] >= limits.MIN_PROBE_AUC
        and (loss >= limits.MIN_TRANSFER_LOSS or confuser_loss >= limits.MIN_CONFUSER_LOSS)
        and s["train_neighbours"] >= limits.MIN_TRAIN_NEIGHBOURS
    )


def labels_swapped(s: Signals) -> bool:
    """Whether a probe of training images even takes it for its main confuser."""
    return labels_differ(s) and s["transfer_confuser_auc"] <= limits.MAX_SWAPPED_AUC


def _min_shifted_auc(s: Signals) -> float:
    """AUC of a probe that shows that images apart from training images are still a class."""
    far = s["train_neighbours"] <= limits.MAX_FAR_NEIGHBOURS
    return limits.MIN_FAR_AUC if far else limits.MIN_SHIFTED_AUC


EVIDENCE_RULES = (
    Rule(
        UNDETERMINED,
        "of its validation and test images {MIN_IDENTICAL} or more have exactly the features of "
        "another image",
        lambda s: s["identical_images"] >= limits.MIN_IDENTICAL,
        "{identical_images} of its images have exactly the features of another image: they are "
        "copies, or show nothing, or the network does not tell images apart.",
        "ours",
        ("images", "labels", "budget"),
    ),
    Rule(
        UNLIKE_IMAGES,
        "the network recognises {MIN_LEARNT_RECALL} of its training images or more, and the "
        "others, {MIN_EVIDENCE_IMAGES} or more, lie apart from all training images: among their "
        "{NEIGHBOURS} nearest neighbours are {MAX_TRAIN_NEIGHBOURS} of the training images that "
        "would be there by chance, or fewer; a probe of them, each left out, separates them from "
        "all others (AUC {MIN_SHIFTED_AUC} or more; {MIN_FAR_AUC} if they lie far apart, with "
        "{MAX_FAR_NEIGHBOURS} of those neighbours or fewer)",
        lambda s: (
            s["evidence_images"] >= limits.MIN_EVIDENCE_IMAGES
            and s["train_recall"] >= limits.MIN_LEARNT_RECALL
            and s["train_neighbours"] <= limits.MAX_TRAIN_NEIGHBOURS
            and s["probe_auc"] >= _min_shifted_auc(s)
        ),
        "The network recognises {train_recall} of its training images. Its validation and test "
        "images lie apart from all training images: among their nearest neighbours training "
        "images are {train_neighbours} times as frequent as by chance.",
        "Schilling 1986, JASA 81 (nearest neighbours as a two-sample test)",
        ("splits", "images", "augmentation"),
    ),
    Rule(
        UNLIKE_IMAGES,
        "the network recognises {MIN_LEARNT_RECALL} of its training images or more, and more of "
        "its validation than of its test images (p up to {MAX_APART_P}), which lie apart from all "
        "others (neighbours up to {MAX_TEST_NEIGHBOURS})",
        lambda s: (
            s["train_recall"] >= limits.MIN_LEARNT_RECALL
            and s["split_p"] <= limits.MAX_APART_P
            and s["test_neighbours"] <= limits.MAX_TEST_NEIGHBOURS
        ),
        "The network recognises {train_recall} of its training and {validation_recall} of its "
        "validation images, {argmax_recall} of its test images. These lie apart from all others: "
        "among their nearest neighbours others are {test_neighbours} times as frequent as by "
        "chance.",
        "Schilling 1986, JASA 81 (nearest neighbours as a two-sample test)",
        ("splits", "images", "augmentation"),
    ),
    Rule(
        FEW_IMAGES,
        "fewer than {MIN_TRAIN_IMAGES} training images, whose labels are not swapped with its main "
        "confuser's (a probe of validation and test images separates it from all others, one of "
        "training images takes it for the confuser: AUC up to {MAX_SWAPPED_AUC})",
        lambda s: s["train_images"] < limits.MIN_TRAIN_IMAGES and not labels_swapped(s),
        "It has {train_images} training images, fewer than {MIN_TRAIN_IMAGES}: too few to tell "
        "whether there is another cause.",
        "ours; Liu et al. 2019, arXiv 1904.05160, call classes below 20 few-shot",
        ("images", "augmentation", "classes"),
    ),
    Rule(
        PRIOR_BIAS,
        "the recall of the largest output is higher than that of the decision, by "
        "{MIN_RECALL_LOST} or more, of {MIN_EVIDENCE_IMAGES} validation and test images or more; "
        "{MIN_RUNNER_UP} of the images that it moves go to the second largest output, or more",
        lambda s: (
            s["argmax_recall"] - s["recall"] >= limits.MIN_RECALL_LOST
            and s["evidence_images"] >= limits.MIN_EVIDENCE_IMAGES
            and not s["moved_to_runner_up"] < limits.MIN_RUNNER_UP  # nan: few classes
        ),
        "The largest output is right for {argmax_recall} of its test images, the decision for "
        "{recall}: the network separates the images, but the decision gives them to other classes.",
        "Collell et al. 2018",
        ("decision",),
    ),
    Rule(
        UNDETERMINED,
        "the same, and fewer of these images go to the second largest output",
        lambda s: (
            s["argmax_recall"] - s["recall"] >= limits.MIN_RECALL_LOST
            and s["moved_to_runner_up"] < limits.MIN_RUNNER_UP
        ),
        "The largest output is right for {argmax_recall} of its test images, the decision for "
        "{recall}; but only {moved_to_runner_up} of what it moves goes to the second largest "
        "output: no thresholds do that, look for an error in the decision.",
        "ours",
        ("decision",),
    ),
    Rule(
        FEW_IMAGES,
        "fewer than {FEW_SHOT_IMAGES} training images, fewer than {MIN_EVIDENCE_IMAGES} validation "
        "and test images, and not half of these recognised without the prior in the decision",
        lambda s: (
            s["train_images"] < limits.FEW_SHOT_IMAGES
            and s["evidence_images"] < limits.MIN_EVIDENCE_IMAGES
            and not s["prior_free_recall"] >= 0.5
        ),
        "It has {train_images} training images, and {evidence_images} to validate and test.",
        "Liu et al. 2019, arXiv 1904.05160 (few-shot classes: below 20)",
        ("images", "augmentation", "classes"),
    ),
    Rule(
        UNDETERMINED,
        "fewer than {MIN_EVIDENCE_IMAGES} validation and test images",
        lambda s: s["evidence_images"] < limits.MIN_EVIDENCE_IMAGES,
        "It has {evidence_images} validation and test images, fewer than {MIN_EVIDENCE_IMAGES}: "
        "too few to tell why.",
        "Hanley & McNeil 1982 (standard error of an AUC)",
        ("images",),
    ),
    Rule(
        UNDETERMINED,
        "what the network makes of its training images is not stored",
        lambda s: isnan(s["train_recall"]),
        "What the network makes of its training images is not stored: an earlier version trained "
        "it. Without it the causes can't be told apart; a new run in another folder stores it.",
        "",
        ("images", "labels", "budget"),
    ),
)
