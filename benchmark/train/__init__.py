"""The training room: one loop that reads a segment and never asks which strategy it serves."""
