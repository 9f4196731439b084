from benchmark.model.weights_source import WEIGHTS


def test_the_help_names_every_kind_of_weights() -> None:
    assert list(WEIGHTS) == ["auto", "imagenet", "bundled", "none", "PATH"]
