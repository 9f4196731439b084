"""What is stored of a trained network, and read back."""

import numpy as np
import torch

from benchmark.run.run_folder import RunFolder, output_tensors


def test_features_too_large_for_half_precision_stay_finite(tmp_path):
    features = torch.tensor([[1e6, -1e9, 0.1], [2.0, float("inf"), -0.5]])
    parts = {part: (torch.zeros(2, 2), features, np.array([0, 1])) for part in ("val", "test")}
    folder = RunFolder(tmp_path)
    head = {"weight": torch.ones(2, 3), "bias": torch.zeros(2)}
    folder.save_outputs("key", output_tensors(parts, head), {})
    outputs, _ = folder.load_outputs("key")
    largest = 65504
    expected = [[largest, -largest, 0.1], [2.0, largest, -0.5]]
    np.testing.assert_allclose(outputs["val"].features, expected, rtol=1e-3)
    np.testing.assert_array_equal(outputs["test"].head, np.ones((2, 3)))


def test_a_head_of_another_kind_is_given_to_no_decision(tmp_path):
    parts = {
        part: (torch.zeros(2, 2), torch.zeros(2, 3), np.array([0, 1])) for part in ("val", "test")
    }
    folder = RunFolder(tmp_path)
    head = {"0.weight": torch.ones(4, 3), "2.weight": torch.ones(2, 4)}
    folder.save_outputs("key", output_tensors(parts, head), {})
    assert folder.load_outputs("key")[0]["val"].head is None
