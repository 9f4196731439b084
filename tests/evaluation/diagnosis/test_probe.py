"""The probe against refitting without the images left out, one by one and in pairs."""

import numpy as np
import pytest

from benchmark.evaluation.diagnosis import probe


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [10, 14, 16])
    features = rng.normal(size=(40, 20)) + 0.6 * (labels == 1)[:, None]
    return features.astype(np.float16), labels


def refitted(features, labels, out, penalty, degree=1):
    """Scores of the images `out` by a weighted kernel ridge of all others."""
    weight = 1 / np.bincount(labels)[labels]
    x = features.astype(float)
    x -= (x * weight[:, None]).sum(0) / 3
    x /= x.std(0)
    kernel = (x @ x.T / x.shape[1]) ** degree + 1
    remaining = np.setdiff1d(np.arange(len(labels)), out)
    inner = kernel[np.ix_(remaining, remaining)] + penalty * np.diag(1 / weight[remaining])
    return kernel[np.ix_(out, remaining)] @ np.linalg.solve(inner, np.eye(3)[labels[remaining]])


@pytest.mark.parametrize(("degree", "fit"), [(1, probe.fit), (2, probe.fit_products)])
def test_images_are_judged_by_probes_that_have_not_seen_them(images, monkeypatch, degree, fit):
    features, labels = images
    monkeypatch.setattr(probe, "PENALTIES", np.array([0.1]))
    weight = 1 / np.bincount(labels)[labels]
    x = features.astype(float)
    x = (x - (x * weight[:, None]).sum(0) / 3) / x.std(0)
    kernel = ((x @ x.T / 20) ** degree + 1) * np.sqrt(weight) * np.sqrt(weight)[:, None]
    penalty = 0.1 * np.linalg.eigvalsh(kernel).mean()
    fitted = fit(features, labels)
    alone = np.array([refitted(features, labels, [i], penalty, degree)[0] for i in range(40)])
    np.testing.assert_allclose(fitted.scores, alone, atol=1e-4)
    wins = [
        np.subtract(*refitted(features, labels, [i, j], penalty, degree)[:, 1]) > 0
        for i in np.flatnonzero(labels == 1)
        for j in np.flatnonzero(labels != 1)
    ]
    assert fitted.auc(1) == pytest.approx(np.mean(wins))


def test_the_penalty_with_the_smallest_left_out_error_is_taken(images):
    features, labels = images
    weight = 1 / np.bincount(labels)[labels]

    def error(fitted):
        return (weight[:, None] * (fitted.scores - np.eye(3)[labels]) ** 2).sum()

    chosen = error(probe.fit(features, labels))
    with pytest.MonkeyPatch.context() as patch:
        for penalty in list(probe.PENALTIES):
            patch.setattr(probe, "PENALTIES", np.array([penalty]))
            assert error(probe.fit(features, labels)) >= chosen - 1e-9


def test_where_nothing_is_to_be_told_the_auc_is_about_one_half():
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], [8, 32])
    got = [probe.fit(rng.normal(size=(40, 50)), labels).auc(0) for _ in range(100)]
    assert np.mean(got) == pytest.approx(0.5, abs=0.06)


def test_far_more_features_than_images_and_constant_ones():
    rng = np.random.default_rng(2)
    labels = np.repeat([0, 1], [6, 30])
    features = rng.normal(size=(36, 600))
    features[:, :300] = 7.0
    features[labels == 0, 300:340] += 2
    fitted = probe.fit(features, labels)
    assert fitted.auc(0) > 0.95
    assert np.isfinite(probe.fit(np.ones((36, 5)), labels).scores).all()
    assert np.isnan(probe.fit(features, np.zeros(36, int)).auc(0))


def test_other_images_are_scored_by_the_fitted_ridge(images, monkeypatch):
    features, labels = images
    monkeypatch.setattr(probe, "PENALTIES", np.array([0.1]))
    # the images themselves: what the hat matrix gives; another one: as refitted with it left out
    fitted = probe.fit(features, labels)
    by_hat = fitted.hat @ (fitted.root[:, None] * np.eye(3)[labels]) / fitted.root[:, None]
    np.testing.assert_allclose(fitted.score(features), by_hat, atol=1e-4)
    constant = np.concatenate([features, np.full((40, 2), 7, np.float16)], axis=1)
    again = probe.fit(constant, labels)
    np.testing.assert_allclose(again.score(constant), fitted.score(features), atol=1e-4)


def test_products_separate_what_lies_around_from_what_lies_inside():
    rng = np.random.default_rng(3)
    labels = np.repeat([0, 1], [60, 80])
    features = rng.normal(size=(140, 12))
    features[labels == 0, 0] += 6 * rng.choice([-1, 1], 60)
    assert probe.fit(features, labels).auc(0) < 0.65
    assert probe.fit_products(features, labels).auc(0) > 0.9
