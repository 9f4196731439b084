"""Stand-ins for the GPUs of a machine."""

import torch

NEW, OLD = "new GPU", "old GPU"  # the new one computes in bfloat16


def pretend_gpus(monkeypatch, *kinds):
    """Let torch report these GPUs, each `NEW` or `OLD`."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: bool(kinds))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(kinds))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: kinds[device])
    capability = {NEW: (9, 0), OLD: (7, 5)}
    monkeypatch.setattr(
        torch.cuda, "get_device_capability", lambda device: capability[kinds[device]]
    )
