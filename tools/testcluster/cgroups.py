"""The control groups of one cluster's pods, in version 1 and in version 2.

Knows the kernel's folders. Must not know namespaces: control groups are the one thing here that all clusters share with
this machine, so each has a root of its own, and nothing removes it but us.
"""

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tools.builds.shell import wait_until
from tools.testcluster.layout import Cluster


CGROUPS = Path("/sys/fs/cgroup")
_VERSION_2 = CGROUPS / "cgroup.controllers"
"""A file that exists here only if version 2 is used alone; beside version 1, it is one level further down."""


def create(cluster: Cluster) -> None:
    """Make the root below which the kubelet makes a group for each pod."""
    if _VERSION_2.exists():
        for controller in _VERSION_2.read_text().split():
            with contextlib.suppress(OSError):  # some cannot be delegated; the kubelet logs which ones it needs
                (CGROUPS / "cgroup.subtree_control").write_text(f"+{controller}")
    for root in _roots(cluster):
        root.mkdir(exist_ok=True)
        for file in ("cpuset.cpus", "cpuset.mems"):
            # In version 1, a new group has no processors until they are assigned.
            if (root / file).exists() and not (root / file).read_text().strip():
                (root / file).write_text((root.parent / file).read_text())


def remove(cluster: Cluster) -> None:
    """Remove the root and what is left below it; the processes must have been killed."""
    for root in _roots(cluster):
        if root.exists():
            groups = sorted(root.rglob("*/"), key=lambda group: len(group.parts), reverse=True)
            for group in [*groups, root]:
                wait_until(
                    partial(_removed, group),
                    what=f"the control group {group} could not be removed",
                    seconds=10,
                    see=group / "cgroup.procs",
                )


def processes(cluster: Cluster, container_id: str) -> list[int]:
    """Return the processes of a container, by their ids on this machine."""
    groups = [group for root in _roots(cluster) for group in root.rglob(container_id)]
    return sorted({int(line) for group in groups for line in _members(group)})


def _roots(cluster: Cluster) -> Iterator[Path]:
    """Yield the cluster's folder in each hierarchy: there is one of version 2, and one per controller of version 1."""
    if _VERSION_2.exists():
        yield CGROUPS / cluster.name
        return
    for hierarchy in CGROUPS.iterdir():
        if (hierarchy / "cgroup.procs").exists() and not hierarchy.is_symlink():
            yield hierarchy / cluster.name


def _removed(group: Path) -> bool:
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:  # a killed process may not have exited yet
        return False
    return True


def _members(group: Path) -> list[str]:
    try:
        return (group / "cgroup.procs").read_text().split()
    except OSError:  # the container has just ended
        return []
