"""Intervals and tests of scores and differences: from labels and predictions alone."""

from benchmark.evaluation.metrics.class_counts import Floats

__all__ = ["LEVEL", "Floats"]

LEVEL = 0.95  # of every interval
