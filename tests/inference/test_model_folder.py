"""The folder of a model of another version."""

import json

import pytest

from benchmark.inference.model_folder import ModelFolder
from benchmark.storage.stored_file import with_hash


@pytest.mark.parametrize(
    ("versions", "which"), [({"benchmark": "9.0"}, r" \(9\.0\)"), (None, "$")], ids=["named", "not"]
)
def test_a_model_of_a_later_version_is_no_damaged_one(tmp_path, versions, which):
    fields = {"format": 2, "what_is_new": 1, "versions": versions}
    (tmp_path / "model.json").write_text(with_hash(json.dumps(fields, indent=1) + "\n"))
    with pytest.raises(
        ValueError, match="has format 2, .* reads 1. Use the version that wrote it" + which
    ):
        ModelFolder(tmp_path).read_info()
