"""The published chart names the published images; nothing else of its values changes."""

import pytest
import yaml

from tools.release.chart import CHART, with_default


VALUES = (CHART / "values.yaml").read_text()


@pytest.mark.parametrize("path", ["image.repository", "image.digest", "runner.image.repository", "runner.image.digest"])
def test_only_the_named_value_changes(path: str) -> None:
    changed = with_default(VALUES, path, "x")

    assert [line for line in changed.splitlines() if line not in VALUES.splitlines()] == [
        f"{'  ' * path.count('.')}{path.rpartition('.')[2]}: x"
    ]
    found = yaml.safe_load(changed)
    for key in path.split("."):
        found = found[key]
    assert found == "x"


@pytest.mark.parametrize("path", ["image.port", "picture.repository", "runner.resources.repository"])
def test_a_value_that_does_not_exist_is_an_error(path: str) -> None:
    with pytest.raises(ValueError, match=path):
        with_default(VALUES, path, "x")
