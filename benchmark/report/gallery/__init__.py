"""The page of a run's images: what was ignored, what was surely wrong, and where networks look."""
