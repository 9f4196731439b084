"""Finished runs in the trackers where people keep theirs: one module for each of these."""
