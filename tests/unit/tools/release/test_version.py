"""The version stands in pyproject.toml; the chart, the documentation, a tag and the changelog agree with it."""

import re
from pathlib import Path

import pytest

from tools.release.version import ROOT, disagreements, news, version


CHANGELOG = """# Changelog

## [Unreleased]

### Fixed

- A fault.

## [1.2.3] - 2026-12-31

### Added

- Everything.
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder with a version: 1.2.3."""
    chart = tmp_path / "charts" / "pdfjob-operator"
    chart.mkdir(parents=True)
    (chart / "Chart.yaml").write_text("version: 1.2.3\nappVersion: 1.2.3\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def test_everything_in_this_repository_states_one_version() -> None:
    assert list(disagreements()) == []
    assert news()


def test_the_documentation_builds_images_of_this_version() -> None:
    text = (ROOT / "docs" / "how-to.md").read_text()

    assert set(re.findall(r"/pdfjob-[a-z-]+:(\d\S+)", text)) == {version()}


def test_a_tag_of_the_version_is_right(repository: Path) -> None:
    assert list(disagreements(repository, "v1.2.3")) == []
    assert news(repository, "v1.2.3") == "### Added\n\n- Everything."


@pytest.mark.parametrize("tag", ["1.2.3", "v1.2.4", "v1.2.3-rc.1"])
def test_another_tag_is_wrong(repository: Path, tag: str) -> None:
    (sentence,) = disagreements(repository, tag)

    assert tag in sentence


@pytest.mark.parametrize("field", ["version", "appVersion"])
def test_a_chart_of_another_version_is_wrong(repository: Path, field: str) -> None:
    chart = repository / "charts" / "pdfjob-operator" / "Chart.yaml"
    chart.write_text(re.sub(f"^{field}: .*$", f"{field}: 1.2.4", chart.read_text(), flags=re.MULTILINE))
    (sentence,) = disagreements(repository)

    assert f"{field} 1.2.4" in sentence


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("[1.2.3] - 2026-12-31", "[1.2.3]"),
        ("[1.2.3]", "[1.2.4]"),
        ("[1.2.3]", "[1x2x3]"),
        ("### Added\n\n- Everything.\n", ""),
    ],
)
def test_a_release_needs_news_with_a_date(repository: Path, was: str, now: str) -> None:
    (repository / "CHANGELOG.md").write_text(CHANGELOG.replace(was, now))

    with pytest.raises(ValueError, match=r"CHANGELOG\.md"):
        news(repository, "v1.2.3")
    assert news(repository) == "### Fixed\n\n- A fault."
