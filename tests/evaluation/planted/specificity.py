"""Strategies without an error, with parameters, and data sets that are small or odd."""

from tests.evaluation.planted.bench import Bench

PARAMETERS = [
    "class_weights:power=0", "class_weights:power=0.5", "class_weights:power=1.5",
    "focal_loss:gamma=0", "focal_loss:gamma=0.5", "focal_loss:gamma=5",
    "threshold_moving:prior_weight=1", "threshold_moving:prior_weight=100",
    "threshold_moving:base=focal_loss", "threshold_moving:base=class_weights",
    "augmentation_oversampling:degrees=5", "augmentation_oversampling:degrees=45",
    "augmentation_only:degrees=45", "class_balanced_focal:gamma=2,beta=0.9",
    "class_balanced_focal:gamma=0.25,beta=0.9999", "crt:reset=false", "crt:base=mixup",
    "crt:extra_epochs=2", "crt:final_fraction=0.6", "crt:base=focal_loss",
    "deferred_resampling:final_fraction=0.05", "deferred_resampling:base=mixup",
    "deferred_reweighting:final_fraction=0.5,beta=0.9",
    "deferred_reweighting:base=logit_adjusted_loss", "effective_number:beta=0",
    "effective_number:beta=0.9", "effective_number:beta=0.9999", "generalized_cross_entropy:q=0.1",
    "generalized_cross_entropy:q=1", "label_smoothing:epsilon=0", "label_smoothing:epsilon=0.01",
    "label_smoothing:epsilon=0.3", "ldam_drw:margin=0.1", "ldam_drw:margin=1,scale=10,beta=0.99",
    "logit_adjusted_loss:tau=0", "logit_adjusted_loss:tau=0.25", "logit_adjusted_loss:tau=2",
    "mixup:alpha=0.1", "mixup:alpha=1", "remix:alpha=0.2", "remix:kappa=1", "remix:kappa=10",
    "remix:tau=0.3", "prior_correction:tau=0", "prior_correction:tau=0.1", "prior_correction:tau=2",
    "prior_correction:base=ldam_drw", "progressive_sampling:stages=2",
    "progressive_sampling:stages=10", "smote:neighbors=1", "smote:neighbors=10",
    "smote:reset=false", "smote:extra_epochs=1", "smote:base=mixup", "square_root_sampling:power=0",
    "square_root_sampling:power=0.9", "square_root_sampling:power=1", "tau_norm:tau=0",
    "tau_norm:tau=0.5", "tau_norm:tau=1.5", "tau_norm:base=class_weights",
    "class_weights:normalise=batch", "crt:base=deferred_resampling",
    "crt:base=progressive_sampling",
]  # fmt: skip

DATA = {
    "five classes": Bench(),
    "two classes": Bench((40, 6), steps=(10, 20)),
    "classes of one image": Bench((30, 10, 1, 1), steps=(10, 12), batch_size=8),
    "30 images": Bench((12, 8, 5, 3, 2), steps=(4, 8), batch_size=8),
    "17 classes": Bench(tuple(int(80 * 30 ** (-c / 16)) for c in range(17)), steps=(30, 40)),
    "equal classes": Bench((20, 20, 20), steps=(6, 10)),
    "six images": Bench((3, 2, 1), steps=(2, 3), batch_size=4),
    "high rates": Bench(recipe="strong", steps=(10, 60)),
}
