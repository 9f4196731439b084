"""Images that a program holds: arrays, data sets of torch, tables of pandas."""
