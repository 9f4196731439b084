"""Which signals indicate which cause: one table, read from top to bottom; the first match wins.

Questions, each put to the network and to a probe on its features: is the class separated from all
others (`separability_auc`), and from the class that takes its images (`confuser_separability`)?
Does the network recognise its training images (`train_recall`) and those of other classes? Does
what a probe learns on one side hold on the other (`transfer_auc`), and do the others lie among
training images (`train_neighbours`)? Being confidently wrong is worse than saying nothing: where
nothing fits, or the images are too few to tell, the answer is "undetermined".

Thresholds were fixed on planted cases, see tests/evaluation/diagnosis; planted.json there says what
the rules name in cases of other generators. Where two causes meet the table names the first.
"""

from benchmark.evaluation.diagnosis import rule as limits
from benchmark.evaluation.diagnosis.evidence_rules import (
    EVIDENCE_RULES,
    labels_differ,
    labels_swapped,
)
from benchmark.evaluation.diagnosis.rule import (
    CONFUSABLE,
    FEW_IMAGES,
    NOT_LINEAR,
    OVER_FITTED,
    PRIOR_BIAS,
    UNDER_TRAINED,
    UNDETERMINED,
    UNLIKE_LABELS,
    WEAK_FEATURES,
    WRONG_LABELS,
    Rule,
    Signals,
)


def _likeness(s: Signals) -> float:
    """Share of this class's images that the confuser takes, beyond its share of all others'."""
    return s["confuser_share"] - s["confuser_share_of_others"]


def _min_likeness(s: Signals) -> float:
    """Likeness from which class and confuser are one; less where no other class is like it."""
    separated = s["separability_auc"] > limits.MAX_SEPARABILITY_AUC
    return limits.MIN_LIKENESS_IF_SEPARATED if separated else limits.MIN_LIKENESS


def _products_gain(s: Signals) -> float:
    """AUC against the confuser that products of features add to features and to guessing."""
    return s["products_confuser_auc"] - max(s["linear_confuser_auc"], 0.5)


def _still_learning(s: Signals) -> bool:
    """Whether the loss was falling, and the class not learnt, when training ended."""
    return s["loss_fall"] >= limits.MIN_LOSS_FALL and s["train_recall"] < limits.MIN_LEARNT_RECALL


RULES = (
    *EVIDENCE_RULES,
    Rule(
        UNDER_TRAINED,
        "the network's recall of the other classes is less than {MAX_RECALL_RATIO} of a probe's, "
        "on training images too; the probe recognises {MAX_WEAK_RECALL} of them, or separates this "
        "class from all others (AUC {MIN_PROBE_AUC} or more)",
        lambda s: (
            max(s["network_recall_of_others"], s["train_recall_of_others"])
            < limits.MAX_RECALL_RATIO * s["probe_recall_of_others"]
            and (
                s["probe_recall_of_others"] >= limits.MAX_WEAK_RECALL
                or s["probe_auc"] >= limits.MIN_PROBE_AUC
            )
        ),
        "A linear probe on the same features recognises {probe_recall_of_others} of the other "
        "classes' images, the network {network_recall_of_others}, and {train_recall_of_others} of "
        "their training images: the whole network makes too little of its features.",
        "Kang et al. 2020, arXiv 1910.09217 (features against head)",
        ("budget", "schedule", "head"),
    ),
    Rule(
        WEAK_FEATURES,
        "neither network nor probe recognises {MAX_WEAK_RECALL} of the other classes' images, and "
        "the network less than {MAX_WEAK_TRAIN_RECALL} of their training images",
        lambda s: (
            max(s["network_recall_of_others"], s["probe_recall_of_others"]) < limits.MAX_WEAK_RECALL
            and s["train_recall_of_others"] < limits.MAX_WEAK_TRAIN_RECALL
        ),
        "The other classes are hardly recognised either: {network_recall_of_others} of their "
        "images by the network, {probe_recall_of_others} by a probe on its features, "
        "{train_recall_of_others} of their training images. The features tell too little.",
        "ours; Kang et al. 2020, arXiv 1910.09217 (features against head)",
        ("layers", "budget", "images"),
    ),
    Rule(
        NOT_LINEAR,
        "a linear probe does not separate it from its main confuser (AUC up to "
        "{CONFUSER_AUC_LIMIT}, of the network up to {MAX_PROBE_CONFUSER_AUC}; "
        "{MIN_EVIDENCE_IMAGES} images of the confuser or more); a probe of all products of two "
        "features is better than it, and than guessing, by AUC {MIN_PRODUCTS_GAIN} or more; "
        "training labels are not swapped with the confuser's",
        lambda s: (
            s["linear_confuser_auc"] <= limits.CONFUSER_AUC_LIMIT
            and s["confuser_auc"] <= limits.MAX_PROBE_CONFUSER_AUC
            and s["confuser_images"] >= limits.MIN_EVIDENCE_IMAGES
            and _products_gain(s) >= limits.MIN_PRODUCTS_GAIN
            and not labels_swapped(s)
        ),
        "No linear classifier tells its images from those of {confuser} by their features (AUC "
        "{linear_confuser_auc}; guessing has .50), one of products of two features does "
        "({products_confuser_auc}): a head can't separate them, trained layers below it can.",
        "Cover 1965, IEEE Transactions on Electronic Computers 14 (separability by products)",
        ("layers", "budget", "images"),
    ),
    Rule(
        UNLIKE_LABELS,
        "a probe of validation and test images separates it from all others, each image left out "
        "(AUC {MIN_PROBE_AUC} or more); probes from one side to the other lose {MIN_TRANSFER_LOSS} "
        "or more of that, or {MIN_CONFUSER_LOSS} against its main confuser; and its images lie "
        "among training images ({MIN_TRAIN_NEIGHBOURS} of what chance gives, or more)",
        labels_differ,
        "A probe of validation and test images separates it from all others (AUC {probe_auc}), a "
        "probe that goes from training images to these or back less so ({transfer_auc}; against "
        "{confuser} {transfer_confuser_auc}), though images of both kinds lie side by side: the "
        "training labels say something else.",
        "ours; Northcutt et al. 2021, arXiv 1911.00068 (labels against held-out predictions)",
        ("labels", "loss"),
    ),
    Rule(
        UNDETERMINED,
        "the network recognises more of its validation than of its test images (p up to "
        "{MAX_SPLIT_P})",
        lambda s: s["split_p"] <= limits.MAX_SPLIT_P,
        "The network recognises {validation_recall} of its validation images, {argmax_recall} of "
        "its test images: the two splits differ, in their images or in their labels.",
        "Fisher 1922 (exact test)",
        ("splits", "labels", "images"),
    ),
    Rule(
        CONFUSABLE,
        "neither network nor probe separates it from its main confuser (AUC of the network, and "
        "mean of both with the network's three times, up to {CONFUSER_AUC_LIMIT}; of the probe up "
        "to {MAX_PROBE_CONFUSER_AUC}; {MIN_EVIDENCE_IMAGES} images of the confuser or more); "
        "probes from one side to the other have AUC {MIN_CONFUSABLE_AUC} or more; products of "
        "features add {MAX_PRODUCTS_GAIN} or less; and without the class in the list, the confuser "
        "would take a larger share of its images than of the remaining classes', by "
        "{MIN_LIKENESS} or more, or by {MIN_LIKENESS_IF_SEPARATED} where all classes but the "
        "confuser are separated from it (mean AUC above {MAX_SEPARABILITY_AUC})",
        lambda s: (
            max(s["confuser_auc"], s["confuser_separability"]) <= limits.CONFUSER_AUC_LIMIT
            and s["probe_confuser_auc"] <= limits.MAX_PROBE_CONFUSER_AUC
            and s["confuser_images"] >= limits.MIN_EVIDENCE_IMAGES
            and s["transfer_auc"] >= limits.MIN_CONFUSABLE_AUC
            and not _products_gain(s) > limits.MAX_PRODUCTS_GAIN  # nan: no training images of both
            and _likeness(s) >= _min_likeness(s)
        ),
        "Its images can't be told from those of {confuser} (AUC {confuser_auc}; guessing has .50). "
        "Without the class in the list, {confuser} would take {confuser_share} of them, and "
        "{confuser_share_of_others} of the remaining classes' images.",
        "Hand & Till 2001 (pairwise AUC); Airola et al. 2011 (leave-pair-out)",
        ("classes", "labels", "images"),
    ),
    Rule(
        PRIOR_BIAS,
        "network and probes separate it from all others (mean AUC {MIN_SEPARABILITY_AUC} or more, "
        "also from one side to the other, and less there by up to {MAX_TRANSFER_GAP}), the network "
        "separates it from its main confuser ({CONFUSER_AUC_LIMIT} or more), and without the prior "
        "in the decision {MIN_PRIOR_FREE_RECALL} of its images or more are recognised, at a cost "
        "of up to {MAX_PRIOR_FREE_COST} of the large classes' recall; the decision ignores its "
        "training images too (recall up to {MAX_IGNORED_RECALL}), or the others are like these "
        "(neighbours {MIN_LIKE_NEIGHBOURS} or more); and it is not under-trained, see below",
        lambda s: (
            min(s["separability_auc"], s["transfer_auc"]) >= limits.MIN_SEPARABILITY_AUC
            and s["separability_auc"] - s["transfer_auc"] <= limits.MAX_TRANSFER_GAP
            and s["confuser_auc"] >= limits.CONFUSER_AUC_LIMIT
            and s["prior_free_recall"] >= limits.MIN_PRIOR_FREE_RECALL
            and not s["prior_free_cost"] > limits.MAX_PRIOR_FREE_COST  # nan: no large classes
            and (
                s["train_recall"] <= limits.MAX_IGNORED_RECALL
                or s["train_neighbours"] >= limits.MIN_LIKE_NEIGHBOURS
            )
            and not _still_learning(s)
        ),
        "Without the prior in the decision {prior_free_recall} of its images are recognised, at a "
        "cost of {prior_free_cost} of the large classes' recall: the network separates the images, "
        "but the decision follows the prior.",
        "Menon et al. 2021, arXiv 2007.07314, eq. 9",
        ("decision", "loss", "sampler", "head"),
    ),
    Rule(
        FEW_IMAGES,
        "fewer than {FEW_SHOT_IMAGES} training images, and without the prior in the decision less "
        "than {MAX_FEW_RECALL} of its images are recognised",
        lambda s: (
            s["train_images"] < limits.FEW_SHOT_IMAGES
            and s["prior_free_recall"] < limits.MAX_FEW_RECALL
        ),
        "It has {train_images} training images, and even without the prior in the decision only "
        "{prior_free_recall} of its images are recognised.",
        "Liu et al. 2019, arXiv 1904.05160 (few-shot classes: below 20)",
        ("images", "augmentation", "classes"),
    ),
    Rule(
        OVER_FITTED,
        "the network recognises {MIN_FITTED_RECALL} of its training images or more, and of other "
        "classes' training images by {MIN_FITTED_GAP} more than of their others; network and probe "
        "separate it from all others by AUC {MIN_FITTED_AUC} to {MAX_FITTED_AUC}, and by "
        "{MIN_FITTED_AUC} from one side to the other; its images are not surely those of other "
        "classes (up to {MAX_FITTED_SURENESS})",
        lambda s: (
            s["train_recall"] >= limits.MIN_FITTED_RECALL
            and s["train_recall_of_others"] - s["network_recall_of_others"] >= limits.MIN_FITTED_GAP
            and limits.MIN_FITTED_AUC <= s["separability_auc"] <= limits.MAX_FITTED_AUC
            and s["transfer_auc"] >= limits.MIN_FITTED_AUC
            and s["sureness_auc"] <= limits.MAX_FITTED_SURENESS
        ),
        "The network recognises {train_recall} of its training images, and "
        "{train_recall_of_others} of those of other classes, but {network_recall_of_others} of "
        "other images: what it has learnt hardly holds for these (AUC {separability_auc}; "
        "guessing has .50), it knows its training images by heart.",
        "ours",
        ("images", "augmentation", "loss"),
    ),
    Rule(
        WRONG_LABELS,
        "network and probes do not separate it from all others (mean AUC up to "
        "{MAX_SEPARABILITY_AUC}, also from one side to the other); its images are surely those of "
        "other classes ({MIN_SURENESS} or more; guessing has .50); and the network's recall of the "
        "other classes is {MIN_RECALL_OF_OTHERS} or more",
        lambda s: (
            max(s["separability_auc"], s["transfer_auc"]) <= limits.MAX_SEPARABILITY_AUC
            and s["sureness_auc"] >= limits.MIN_SURENESS
            and s["network_recall_of_others"] >= limits.MIN_RECALL_OF_OTHERS
        ),
        "Neither the network nor a probe recognises what its validation and test images have in "
        "common (AUC {separability_auc}; guessing has .50), and they look like images of other "
        "classes. The network recognises {train_recall} of its training images. If the labels are "
        "right, the features do not show this class.",
        "ours; Northcutt et al. 2021, arXiv 1911.00068",
        ("labels", "images", "loss"),
    ),
    Rule(
        UNDER_TRAINED,
        "the validation loss fell by {MIN_LOSS_FALL} or more over the last third of the training, "
        "and the network recognises less than {MIN_LEARNT_RECALL} of its training images",
        _still_learning,
        "The validation loss, averaged over classes, was still falling: by {loss_fall} over the "
        "last third of the training. {train_recall} of its training images are recognised. Rare "
        "classes are learnt last.",
        "Francazi et al. 2023, arXiv 2207.00391 (minority initial drop)",
        ("budget", "schedule", "sampler"),
    ),
    Rule(
        UNDETERMINED,
        "none of these",
        lambda _: True,
        "No cause stands out: it is separated from all others with AUC {separability_auc}, from "
        "its main confuser with {confuser_auc}; {train_recall} of its training images are "
        "recognised, and without the prior {prior_free_recall} of the others.",
        "",
        ("images", "labels", "budget"),
    ),
)


def first_match(signals: Signals) -> Rule:
    """Return the first row whose condition holds."""
    return next(rule for rule in RULES if rule.holds(signals))
