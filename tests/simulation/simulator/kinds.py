"""The kinds of objects that are served, and how an object is named. A new kind is one more line here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from simulation.simulator.rest.schema import pdfjob_schema


Manifest = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of object that is served.

    Attributes:
        group: Empty for the core.
        version: Of the API.
        name: In CamelCase.
        plural: In paths.
        namespaced: Whether it lives in namespaces.
        has_status: Whether its status is a resource of its own.
        schema: Of a custom resource.
    """

    group: str
    version: str
    name: str
    plural: str
    namespaced: bool = True
    has_status: bool = False
    schema: Callable[[], Manifest] | None = None

    @property
    def api_version(self) -> str:
        """As in a manifest."""
        return f"{self.group}/{self.version}" if self.group else self.version


PDFJOBS = Kind("pdfjob.dev", "v1alpha1", "PdfJob", "pdfjobs", has_status=True, schema=pdfjob_schema)
JOBS = Kind("batch", "v1", "Job", "jobs", has_status=True)
PODS = Kind("", "v1", "Pod", "pods", has_status=True)
EVENTS = Kind("", "v1", "Event", "events")
NAMESPACES = Kind("", "v1", "Namespace", "namespaces", namespaced=False, has_status=True)
LEASES = Kind("coordination.k8s.io", "v1", "Lease", "leases")
CLAIMS = Kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", has_status=True)

KINDS = (PDFJOBS, JOBS, PODS, EVENTS, NAMESPACES, LEASES, CLAIMS)


class Ref(NamedTuple):
    """Where an object is."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.plural} {self.namespace}/{self.name}"


def ref_of(kind: Kind, raw: Manifest) -> Ref:
    """Return where an object of this kind is."""
    return Ref(kind, raw["metadata"]["namespace"], raw["metadata"]["name"])


def timestamp(time: datetime) -> str:
    """Return a time as Kubernetes writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
