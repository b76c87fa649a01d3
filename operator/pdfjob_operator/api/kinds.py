"""The kinds of objects that the operator reads and writes, as lightkube describes them."""

from __future__ import annotations

from lightkube.generic_resource import create_global_resource, create_namespaced_resource

from pdfjob_operator.objects.labels import GROUP, KIND, PLURAL, VERSION


PDFJOBS = create_namespaced_resource(GROUP, VERSION, KIND, PLURAL)
JOBS = create_namespaced_resource("batch", "v1", "Job", "jobs")
PODS = create_namespaced_resource("", "v1", "Pod", "pods")
EVENTS = create_namespaced_resource("", "v1", "Event", "events")
LEASES = create_namespaced_resource("coordination.k8s.io", "v1", "Lease", "leases")
NAMESPACES = create_global_resource("", "v1", "Namespace", "namespaces")
