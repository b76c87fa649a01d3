"""The processes of pods, for tests that kill one.

Knows how a container's name leads to its processes. Must not know why anyone asks.
"""

from testcluster import cgroups
from testcluster.api import Api
from testcluster.layout import Cluster
from testcluster.shell import ClusterError


def processes(cluster: Cluster, namespace: str, pod: str, container: str | None = None) -> list[int]:
    """Return the processes of a pod's running containers, or of one, as this machine numbers them; none is no error."""
    found = Api(cluster).get(f"/api/v1/namespaces/{namespace}/pods/{pod}")
    if found is None:
        raise ClusterError(f"there is no pod {pod} in the namespace {namespace}")
    status = found["status"]
    statuses = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    return [
        process
        for one in statuses
        if container in {None, one["name"]} and "running" in one["state"]
        for process in cgroups.processes(cluster, one["containerID"].rpartition("/")[2])
    ]
