"""Check that everything that states the version agrees, and print what is new in it: `make release-check`.

pyproject.toml sets the version. The chart repeats it, because Helm reads nothing else, and a tag must name it. Knows
the files in the repository, and asks no registry.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml

from tools import markdown


ROOT = Path(__file__).parents[2]


def version(root: Path = ROOT) -> str:
    """Return the version of the project."""
    return str(tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"])


def news(root: Path = ROOT, tag: str = "") -> str:
    """Return the section of CHANGELOG.md about the version, or about what is not released yet if there is no tag.

    Raises:
        ValueError: There is no such section, or it has no date, or says nothing.
    """
    text = (root / "CHANGELOG.md").read_text()
    heading = "[Unreleased]"
    if tag:
        number = re.escape(version(root))
        found = re.search(rf"^## (\[{number}\] - \d{{4}}-\d\d-\d\d)$", text, re.MULTILINE)
        if not found:
            raise ValueError(f"CHANGELOG.md has no section “## [{version(root)}] - YYYY-MM-DD”: rename “Unreleased”.")
        heading = found[1]
    section = markdown.section(text, heading).strip()
    if not section:
        raise ValueError(f"The section “{heading}” of CHANGELOG.md is empty.")
    return section


def disagreements(root: Path = ROOT, tag: str = "") -> Iterator[str]:
    """Yield a sentence about everything that states another version than pyproject.toml.

    Args:
        root: The folder of the repository.
        tag: The tag of the release, such as `v1.2.3`; empty before there is one.
    """
    number = version(root)
    chart = yaml.safe_load((root / "charts" / "pdfjob-operator" / "Chart.yaml").read_text())
    for field in ("version", "appVersion"):
        if str(chart[field]) != number:
            yield f"pyproject.toml says {number}, and Chart.yaml says {field} {chart[field]}."
    if tag and tag != f"v{number}":
        yield f"The tag is {tag}, and pyproject.toml says {number}: tag v{number}, or change pyproject.toml."


if __name__ == "__main__":
    (named,) = sys.argv[1:] or [""]
    if wrong := list(disagreements(tag=named)):
        sys.exit("\n".join(wrong))
    try:
        sys.stdout.write(f"{news(tag=named)}\n")
    except ValueError as error:
        sys.exit(str(error))
