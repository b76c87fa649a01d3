"""Downloads real PDFs: the test files in the source distributions of Python's PDF libraries, and one book.

Knows the distributions, how to get them from the configured package index, and how to extract the PDFs. Must not know
how they are used. This repository contains none of the files, because each has its own licence.

uv resolves the pinned names to the URLs of source distributions. With `--no-deps` it does not build their metadata, so
none of their code runs here. pip would build each distribution in order to download it.
"""

import hashlib
import io
import sys
import tarfile
import tempfile
import tomllib
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tools.testcluster import cache
from tools.testcluster.shell import ClusterError, run, say


_SECONDS = 60
"""Timeout of a download, in seconds."""


@dataclass(frozen=True)
class Distribution:
    """A source distribution.

    Attributes:
        name: Name in the package index.
        version: Pinned version, because `known` names its files.
        sha256: Checksum of the archive, in hexadecimal.
    """

    name: str
    version: str
    sha256: str

    @property
    def folder(self) -> Path:
        """Folder of its PDFs in the cache."""
        return cache.folder() / "corpus" / f"{self.name}-{self.version}-{self.sha256[:12]}"


DISTRIBUTIONS = (
    Distribution("biopython", "1.81", "2cf38112b6d8415ad39d6a611988cd11fb5f33eb09346666a87263beba9614e0"),
    Distribution("img2pdf", "0.6.3", "219518020f5bd242bdc46493941ea3f756f664c2e86f2454721e74353f58cd95"),
    Distribution("ocrmypdf", "17.13.0", "151c35d810eb628fbc5cb9bbe80b834ecf094737efa0e7a2e9e1fac3c730ed49"),
    Distribution("pdfannots", "0.5", "75da28053efa64980763b7b4891f14887d3d316f8273fcf4d02b593bbf57089c"),
    Distribution("pdfly", "0.5.1", "636e9736ca3296ed69ad7e14d997813ea5a662ba7a86c77d155e343494dcc3d7"),
    Distribution("pdfminer", "20191125", "9e700bc731300ed5c8936343c1dd4529638184198e54e91dd2b59b64a755dc01"),
    Distribution("pdftotext", "4.0.0", "6c949f01bb0fea4560cc23e4b8b017188647d22f99a604a7ed3d09f72f43e634"),
    Distribution("pikepdf", "10.18.0", "cb555ebff93482e8a6eb55881488b469bbb2b5675161c1b93a0510a8642d98d0"),
    Distribution("pypdf", "7.1.1", "2eff4e2fc5fb22a6d6711e6f1166cdc9ab5765d90cd0d77dfea3f4aa91a27b1d"),
    Distribution("pypdfium2", "5.15.2", "0185193bbdf0cc39f0bf31954c25f12edb81048bcb628ea4fc3dccf8d2ce2aef"),
    Distribution("tabula-py", "2.10.0", "75968a83fe978e5d56ccf23f0f0255a459c256b7b52db7cabe5ac795bb3b12df"),
)


def are_here() -> bool:
    """Return whether all distributions have been downloaded."""
    return not _missing()


def download() -> None:
    """Download the distributions that are missing.

    Raises:
        ClusterError: They could not be downloaded.
    """
    if missing := _missing():
        try:
            _fetch(missing)
        except OSError as error:
            raise ClusterError(f"the corpus could not be downloaded: {error}") from error


def files() -> dict[str, Path]:
    """Return every distinct downloaded PDF by distribution and path."""
    found: dict[bytes, tuple[str, Path]] = {}  # distributions contain copies of each other's files
    for distribution in DISTRIBUTIONS:
        for path in sorted(path for path in distribution.folder.rglob("*") if path.is_file()):
            name = f"{distribution.name}/{path.relative_to(distribution.folder).as_posix()}"
            found.setdefault(hashlib.sha256(path.read_bytes()).digest(), (name, path))
    return dict(sorted(found.values()))


def _missing() -> list[Distribution]:
    return [distribution for distribution in DISTRIBUTIONS if not distribution.folder.exists()]


def _fetch(distributions: Sequence[Distribution]) -> None:
    say(f"downloading {', '.join(one.name for one in distributions)}")
    addresses = _addresses(distributions)
    for distribution in distributions:

        def make(folder: Path, distribution: Distribution = distribution) -> None:
            with urllib.request.urlopen(addresses[distribution.name], timeout=_SECONDS) as answer:  # noqa: S310 (uv's)
                content = answer.read()
            if hashlib.sha256(content).hexdigest() != distribution.sha256:
                raise OSError(
                    f"the archive of {distribution.name} {distribution.version} does not match its pinned checksum"
                )
            folder.mkdir()
            with tarfile.open(fileobj=io.BytesIO(content)) as tar:
                # The data filter rejects paths outside the folder.
                tar.extractall(folder, [_without_top(member) for member in tar if _is_pdf(member)], filter="data")

        cache.once(distribution.folder, make)


def _addresses(distributions: Sequence[Distribution]) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as scratch:
        pins, lock = Path(scratch, "pins.txt"), Path(scratch, "pylock.toml")
        pins.write_text("".join(f"{one.name}=={one.version}\n" for one in distributions))
        command: list[str | Path] = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--system-certs"]
        run([*command, "--no-deps", "--format=pylock.toml", "-o", lock, pins], "querying the package index")
        packages: list[dict[str, Any]] = tomllib.loads(lock.read_text())["packages"]
    return {package["name"]: package["sdist"]["url"] for package in packages}


def _is_pdf(member: tarfile.TarInfo) -> bool:
    return member.isfile() and member.name.lower().endswith(".pdf")


def _without_top(member: tarfile.TarInfo) -> tarfile.TarInfo:
    return member.replace(name=str(PurePosixPath(*PurePosixPath(member.name).parts[1:])), deep=False)
