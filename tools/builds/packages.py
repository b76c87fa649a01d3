"""The Debian packages that the test cluster requires.

Knows which program comes from which package and how to install it. Must not know what the programs are used for.
"""

import functools
import os
import shutil
import sys
from pathlib import Path

from tools.builds import cache
from tools.builds.shell import SetupError, run, say


PACKAGE_OF = {
    "buildah": "buildah",
    "conntrack": "conntrack",
    "containerd": "containerd",
    "ctr": "containerd",
    "ip": "iproute2",
    "iptables": "iptables",
    "mmdebstrap": "mmdebstrap",
    "nsenter": "util-linux",
    "runc": "runc",
    "unshare": "util-linux",
}
PACKAGE_OF_FILE = {
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"): "debian-archive-keyring",
}
CNI_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))
"""Paths of the CNI plugins on Debian and on most other systems."""

SYSTEM_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])
"""A PATH that includes the folders of administrators' programs."""


class UnsuitableMachineError(SetupError):
    """This machine cannot run the test cluster."""


def require_suitable_machine() -> None:
    """Check that this machine can run the test cluster, which needs Linux namespaces and root.

    Raises:
        UnsuitableMachineError: The machine cannot run it.
    """
    if sys.platform != "linux":
        raise UnsuitableMachineError("the test cluster needs Linux: it is made of Linux namespaces")
    if os.geteuid() != 0:
        raise UnsuitableMachineError("the test cluster needs root, to make namespaces, mounts and network links")
    if missing() and not shutil.which("apt-get"):
        raise UnsuitableMachineError(f"cannot install missing packages without apt-get: {', '.join(missing())}")


def missing() -> list[str]:
    """Return the packages still to be installed.

    What counts is the program, not the package: containerd, for one, often comes from another package.
    """
    wanted = {package for program, package in PACKAGE_OF.items() if not shutil.which(program, path=SYSTEM_PATH)}
    wanted |= {package for file, package in PACKAGE_OF_FILE.items() if not file.exists()}
    if not any((folder / "ptp").exists() for folder in CNI_FOLDERS):
        wanted.add("containernetworking-plugins")
    return sorted(wanted)


def install() -> None:
    """Install missing packages; without any, send no request."""
    if packages := missing():
        apt_install(*packages)


@functools.cache
def update_lists() -> None:
    """Update Debian's package lists once, if this user may; other users have to take them as they are."""
    if os.geteuid() == 0:
        with cache.lock("apt"):
            run(["apt-get", "update"], "updating the package lists", log=cache.folder() / "log" / "apt-update.log")


def apt_install(*packages: str, **environment: str) -> None:
    """Install Debian packages; those that are installed stay as they are.

    Args:
        packages: Their names.
        environment: Additional environment variables for apt.
    """
    log = cache.folder() / "log" / f"apt-{packages[0]}.log"
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", **environment}
    update_lists()
    with cache.lock("apt"):
        say(f"installing {' '.join(packages)}")
        command = ["apt-get", "install", "-y", "--no-install-recommends", "--no-upgrade", *packages]
        run(command, f"installing {' '.join(packages)}", env=quiet, log=log)


def cni_folder() -> Path:
    """Return the folder that holds the CNI plugins."""
    return next(folder for folder in CNI_FOLDERS if (folder / "ptp").exists())
