"""Container images without a registry and without Docker.

Knows Buildah and mmdebstrap. Must not know what the images are for; the project's own Dockerfile builds here unchanged.
What this machine needs in order to reach the outside (its certificates, its package index, its proxy) is passed to a
build from outside.
"""

import configparser
import functools
import gzip
import importlib.util
import json
import os
import re
import ssl
import sys
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, cast

from tools.builds import binaries, cache, packages
from tools.builds.shell import SetupError, run, say


BASE_IMAGE = "localhost/debian:trixie-slim"
"""The local image that stands for `debian:trixie-slim` in Dockerfiles, because nothing is pulled."""

OPERATOR_IMAGE = "localhost/pdfjob-operator:dev"
CHUNK_RUNNER_IMAGE = "localhost/pdfjob-chunk-runner:dev"

REDIS_IMAGE = "localhost/redis:dev"
PAUSE_IMAGE = "localhost/pause:1"
REDIS_FOLDER = Path(__file__).parent / "redis"
"""Folder of the Dockerfile of Redis: the image that the chart names requires a registry."""

LEFT_OUT = ("doc", "groff", "info", "linda", "lintian", "locale", "man")
"""Folders of /usr/share that the slim image omits, also for packages that are installed later."""

SETTINGS_FOLDER = "/etc/xdg"
"""Path in a build at which pip and uv look for settings."""

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
"""Path in a build of the certificates that Debian trusts."""

PASSED_ON = ("extra-index-url", "index-url", "proxy", "retries", "timeout", "trusted-host")
"""Settings of pip that determine how it reaches the package index."""

KEPT_ARCHIVES = 3
"""Number of archives of one tag in the cache, so that a concurrent test run keeps its own."""


def build(target: str, tag: str, context: Path) -> Path:
    """Build a target of the Dockerfile in a folder, and return the archive that holds the image; layers are cached."""
    packages.install()
    log = cache.folder() / "log" / f"image-{_file_name(tag)}.log"
    with cache.lock("images"):
        _ensure_base()
        say(f"building the image {tag}: takes 1-2 minutes the first time, a second if nothing changed")
        options = ["--layers", "--force-rm", "--pull-never", *_reach_outside(), f"--target={target}", f"--tag={tag}"]
        _buildah("bud", *options, str(context), what=f"building the image {tag}", log=log)
        return _archive(tag)


def pause() -> Path:
    """Return an archive with the image of the pause program."""
    packages.install()
    program = binaries.pause()

    def make(archive: Path) -> None:
        with cache.lock("images"):
            container = _buildah("from", "scratch", what="starting the pause image").strip()
            _buildah("copy", "--chmod=0755", container, str(program), "/pause", what="filling the pause image")
            _buildah("config", '--entrypoint=["/pause"]', "--user=65535:65535", container, what="describing it")
            _buildah("commit", "--rm", container, PAUSE_IMAGE, what="finishing the pause image")
            _export(PAUSE_IMAGE, archive)

    return cache.once(cache.folder() / "images" / f"{program.name}.tar", make)


def unpacked_bytes(archive: Path) -> int:
    """Return the bytes of an image on a node's disk: the sum of its uncompressed layers."""
    with tarfile.open(archive) as tar:

        def blob(described: Mapping[str, str]) -> IO[bytes]:
            return cast("IO[bytes]", tar.extractfile(f"blobs/{described['digest'].replace(':', '/')}"))

        index = json.load(cast("IO[bytes]", tar.extractfile("index.json")))
        manifest = json.load(blob(index["manifests"][0]))
        return sum(gzip.open(blob(layer)).seek(0, os.SEEK_END) for layer in manifest["layers"])


def name_and_digest(archive: Path) -> tuple[str, str]:
    """Return the tag and the digest of the image in an archive that was built here."""
    try:
        with tarfile.open(archive) as tar:
            described = json.load(cast("IO[bytes]", tar.extractfile("index.json")))["manifests"][0]
    except (OSError, KeyError, tarfile.TarError) as error:
        raise SetupError(f"{archive} is not an OCI archive: {error}") from error
    return described["annotations"]["org.opencontainers.image.ref.name"], described["digest"]


def prune() -> None:
    """Remove layers that no tagged image uses; the next build starts from the base image again."""
    with cache.lock("images"):
        _buildah("rm", "--all", what="dropping what is left of builds that were cut short")
        _buildah("rmi", "--prune", "--force", what="dropping unused layers")


def _ensure_base() -> None:
    if _image_id(BASE_IMAGE):
        return

    def make(archive: Path) -> None:
        say("building a Debian base image: takes 30 s the first time")
        leave_out = [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in LEFT_OUT]
        keep = ["--dpkgopt=path-include=/usr/share/doc/*/copyright"]
        # as in Debian's own image: what apt downloaded is gone when it is installed
        hook = """echo 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };' """
        clean = f'--customize-hook={hook} > "$1/etc/apt/apt.conf.d/docker-clean"'
        options = ["--variant=minbase", "--include=ca-certificates", "--format=tar", *leave_out, *keep, clean]
        log = cache.folder() / "log" / "base-image.log"
        command = ["mmdebstrap", *options, *_apt_settings(), "trixie", str(archive)]
        run(command, "making the Debian base image", log=log)

    archive = cache.once(cache.folder() / "debian-trixie-slim.tar", make)
    container = _buildah("from", "scratch", what="starting the base image").strip()
    _buildah("add", "--quiet", container, str(archive), "/", what="filling the base image")
    _buildah("config", '--cmd=["bash"]', container, what="describing the base image")
    _buildah("commit", "--rm", "--quiet", container, BASE_IMAGE, what="finishing the base image")


def _archive(tag: str) -> Path:
    """Return the archive of an image, and export it first if necessary."""
    folder = cache.folder() / "images"
    name = _file_name(tag)
    archive = cache.once(folder / f"{name}-{_image_id(tag)[:12]}.tar", lambda file: _export(tag, file))
    archive.touch()
    for old in sorted(folder.glob(f"{name}-*.tar"), key=lambda file: file.stat().st_mtime)[:-KEPT_ARCHIVES]:
        old.unlink()
    return archive


def _export(tag: str, file: Path) -> None:
    _buildah("push", "--quiet", tag, f"oci-archive:{file}:{tag}", what=f"exporting the image {tag}")


def _image_id(tag: str) -> str:
    """Return the id of a local image, or an empty string."""
    listed = json.loads(_buildah("images", "--json", what="listing the images") or "[]")
    return next((image["id"] for image in listed or [] if tag in (image["names"] or [])), "")


def _buildah(*arguments: str, what: str, log: Path | None = None) -> str:
    # chroot also works without permission to create namespaces or control groups, for instance in a container.
    return run([*_storage(), *arguments], what, env={**os.environ, "BUILDAH_ISOLATION": "chroot"}, log=log)


@functools.cache
def _storage() -> Sequence[str]:
    """Return the start of a buildah command, with overlay storage if this machine supports it."""

    def command(driver: str) -> list[str]:
        folder = cache.folder() / f"buildah-{driver}"
        options = [f"--root={folder}", f"--runroot={folder}/run", f"--storage-driver={driver}"]
        # in a mount namespace of its own, a build that is cut short leaves no mounts behind
        return ["unshare", "--mount", "buildah", *options]

    try:
        run([*command("overlay"), "images"], "trying overlay mounts")
    except SetupError:
        return command("vfs")
    return command("overlay")


def _file_name(tag: str) -> str:
    return re.sub(r"[^\w.-]+", "-", tag.removeprefix("localhost/"))


def _apt_settings() -> Iterable[str]:
    """Yield mmdebstrap options for this machine's apt settings, such as proxies."""
    for line in run(["apt-config", "dump", "Acquire"], "reading apt's settings").splitlines():
        if re.match(r"Acquire::(https?::Proxy\b|Check-Valid-Until|Check-Date)", line, re.IGNORECASE):
            yield f"--aptopt={line}"


def _reach_outside() -> Iterable[str]:
    """Yield build options that pass on this machine's certificates and package index, for pip and uv."""
    folder = cache.folder() / "build-settings"
    for name in ("pip", "uv"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    settings = configparser.RawConfigParser()
    settings["global"] = {}
    if importlib.util.find_spec("pip"):
        listed = run([sys.executable, "-m", "pip", "config", "list"], "reading pip's settings")
        for name, value in re.findall(r"^(?:global|install|:env:)\.([\w-]+)='(.*)'$", listed, re.MULTILINE):
            if name in PASSED_ON:
                settings["global"][name] = value
    for_uv = "system-certs = true\n"
    if index := settings["global"].get("index-url"):
        for_uv += f'[[index]]\nurl = "{index}"\ndefault = true\n'
    certificates = os.environ.get("PIP_CERT") or ssl.get_default_verify_paths().cafile
    if certificates and Path(certificates).exists():
        settings["global"]["cert"] = CERTIFICATES
        yield f"--volume={certificates}:{CERTIFICATES}:ro"
    with (folder / "pip" / "pip.conf").open("w") as file:
        settings.write(file)
    (folder / "uv" / "uv.toml").write_text(for_uv)
    for name in ("pip", "uv"):
        yield f"--volume={folder / name}:{SETTINGS_FOLDER}/{name}:ro"
