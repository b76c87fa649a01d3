"""The processes of pods, for tests that kill one.

Knows how a container's name leads to its processes. Must not know why anyone asks.
"""

import os
import signal
from contextlib import suppress

from tools.builds.shell import SetupError
from tools.testcluster import cgroups
from tools.testcluster.api import Api
from tools.testcluster.layout import Cluster


def kill(cluster: Cluster, namespace: str, pod: str) -> None:
    """Kill a pod's processes with SIGKILL, as the kernel does when memory is short."""
    found = processes(cluster, namespace, pod)
    if not found:
        raise SetupError(f"the pod {pod} in the namespace {namespace} has no process")
    for process in found:
        with suppress(ProcessLookupError):  # its parent's end has ended it, too
            os.kill(process, signal.SIGKILL)


def processes(cluster: Cluster, namespace: str, pod: str, container: str | None = None) -> list[int]:
    """Return the process ids, on this machine, of a pod's running containers or of one of them."""
    found = Api(cluster).get(f"/api/v1/namespaces/{namespace}/pods/{pod}")
    if found is None:
        raise SetupError(f"there is no pod {pod} in the namespace {namespace}")
    status = found["status"]
    statuses = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    return [
        process
        for one in statuses
        if container in {None, one["name"]} and "running" in one["state"]
        for process in cgroups.processes(cluster, one["containerID"].rpartition("/")[2])
    ]
