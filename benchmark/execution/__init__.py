"""Carry out a plan: open data and weights, train, write records into the run folder."""
