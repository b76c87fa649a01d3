"""Package the chart for a registry, with the images that were published there as its defaults: `make chart`.

Knows the names of the images and where values.yaml has them. The chart in the repository names no registry, because
nobody has published its images; a published chart names each image by digest, so that it installs what was tested.
"""

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import yaml

from tools.builds import binaries
from tools.builds.shell import SetupError, run


CHART = Path(__file__).parents[2] / "charts" / "pdfjob-operator"
IMAGES = {"image": "pdfjob-operator", "runner.image": "pdfjob-chunk-runner"}
"""The names of the published images, by the value that describes the image."""

INDENT = "  "


def package(registry: str, digests: Mapping[str, str], folder: Path) -> Path:
    """Write the chart's archive into a folder, and return its path.

    Args:
        registry: The registry and path of the images, such as `registry.example.com/books`.
        digests: The digest of each image, by the value that describes the image.
        folder: It is created if it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(shutil.copytree(CHART, Path(scratch) / CHART.name))
        text = (copy / "values.yaml").read_text()
        for image, digest in digests.items():
            text = with_default(text, f"{image}.repository", f"{registry}/{IMAGES[image]}")
            text = with_default(text, f"{image}.digest", digest)
        (copy / "values.yaml").write_text(text)
        helm = binaries.find_helm() or binaries.helm()
        printed = run([helm, "package", copy, f"--destination={folder}"], "packaging the chart")
    return Path(printed.rpartition(": ")[2].strip())


def with_default(text: str, path: str, default: str) -> str:
    """Return values.yaml with another default for one value, and all comments.

    Raises:
        ValueError: There is no such value.
    """
    *groups, last = path.split(".")
    lines = text.splitlines()
    position = -1
    for depth, key in enumerate((*groups, last)):
        pattern = re.compile(rf"{INDENT * depth}{key}:")
        position = next((n for n in range(position + 1, len(lines)) if pattern.match(lines[n])), len(lines))
    if position < len(lines):
        lines[position] = f"{INDENT * len(groups)}{last}: {default}"
    changed = "\n".join(lines) + "\n"
    expected = yaml.safe_load(text)
    group = expected
    for key in groups:
        group = group.get(key, {})
    if last not in group:
        raise ValueError(f"values.yaml has no value {path}")
    group[last] = default
    assert yaml.safe_load(changed) == expected, "only this value changes"
    return changed


def main() -> None:
    """Package the chart as the arguments say, and print where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("registry")
    parser.add_argument("--operator", required=True, metavar="sha256:…")
    parser.add_argument("--chunk-runner", required=True, metavar="sha256:…")
    parser.add_argument("--folder", type=Path, default=Path("dist"))
    given = parser.parse_args()
    try:
        file = package(given.registry, {"image": given.operator, "runner.image": given.chunk_runner}, given.folder)
    except SetupError as error:
        sys.exit(str(error))
    sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    main()
