"""Intervals and tests of scores and differences: from labels and predictions alone."""

from benchmark.evaluation.metrics.class_counts import Floats, Labels

__all__ = ["LEVEL", "Floats", "Labels"]

LEVEL = 0.95  # of every interval
