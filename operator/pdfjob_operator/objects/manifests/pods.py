"""The pod template of the chunk runner: one container, restricted, without access to the Kubernetes API. Pure.

Knows nothing of PdfJobs: `jobs` and the garbage collection complete the template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunk_runner.contract import environment
from pdfjob_operator.objects.labels import LABEL_NO_BACKUP
from pdfjob_operator.objects.manifests import pod_additions
from pdfjob_operator.objects.names import CONTAINER


if TYPE_CHECKING:
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.kubernetes import Manifest


READY_PORT = 8090
"""The port on which a chunk pod listens while it processes its chunk."""


def pod_template(settings: Settings, component: str, command: str, env: dict[str, str], doublings: int = 0) -> Manifest:
    """Build a pod template that meets the restricted Pod Security Standard.

    Args:
        settings: The operator's configuration.
        component: Value of the component label.
        command: Command of the chunk runner.
        env: Environment variables of the container.
        doublings: How many times to double the memory limit.
    """
    pod: Manifest = {
        "metadata": {
            "labels": {
                "app.kubernetes.io/name": "pdfjob",
                "app.kubernetes.io/component": component,
                "app.kubernetes.io/managed-by": "pdfjob-operator",
                LABEL_NO_BACKUP: "true",
            },
        },
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 30,
            "imagePullSecrets": [{"name": secret} for secret in settings.image_pull_secrets],
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": CONTAINER,
                    "image": settings.runner_image,
                    "imagePullPolicy": settings.image_pull_policy,
                    "args": [command],
                    "env": [
                        {"name": environment.ATTEMPT_ENV, "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}},
                        {
                            "name": environment.MEMORY_ENV,
                            "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}},
                        },
                        # $ is doubled, because Kubernetes would expand $(NAME) in what a user wrote.
                        *({"name": key, "value": value.replace("$", "$$")} for key, value in env.items()),
                    ],
                    "resources": settings.resources_with(doublings),
                    "terminationMessagePolicy": "File",
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "readOnlyRootFilesystem": True,
                        "capabilities": {"drop": ["ALL"]},
                    },
                    "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 (the pod's own)
                }
            ],
            "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}],
        },
    }
    pod_additions.complete(pod, settings)
    return pod


def mount_workspace(pod: Manifest, claim: str, folder: str, path: str) -> None:
    """Mount one folder of a volume into a pod, and nothing else of the volume.

    Args:
        pod: The pod template.
        claim: Name of the PersistentVolumeClaim.
        folder: Path of the folder, relative to the volume's root; the kubelet creates it.
        path: Mount path.
    """
    spec = pod["spec"]
    spec["volumes"].insert(0, {"name": "workspace", "persistentVolumeClaim": {"claimName": claim}})
    spec["containers"][0]["volumeMounts"].insert(0, {"name": "workspace", "mountPath": path, "subPath": folder})


def be_ready_at_work(pod: Manifest) -> None:
    """Make a chunk pod ready only while it processes its chunk, and not while it waits for its turn.

    If Kubernetes has to remove pods, it begins with those that are not ready, and they have asked no model yet.
    """
    (container,) = pod["spec"]["containers"]
    container["env"].append({"name": environment.READY_PORT_ENV, "value": str(READY_PORT)})
    container["readinessProbe"] = {"tcpSocket": {"port": READY_PORT}, "periodSeconds": 1, "failureThreshold": 1}


def with_claim(job: Manifest, uid: str | None) -> Manifest:
    """Return a Job whose pods mark their workspace with the uid of its claim; as it is if the uid is not known."""
    if uid is not None:
        (container,) = job["spec"]["template"]["spec"]["containers"]
        container["env"].append({"name": environment.CLAIM_ENV, "value": uid})
    return job


def mount_secret(pod: Manifest, name: str, key: str, path: str, *, optional: bool = False) -> None:
    """Mount one key of a Secret into a pod, as a file.

    Args:
        pod: The pod template.
        name: Name of the Secret.
        key: Key in the Secret.
        path: Path of the file, in a folder of its own.
        optional: Start the pod without the file if there is no such Secret or key, instead of waiting for them.
    """
    folder, _, file = path.rpartition("/")
    # The file belongs to root and to the pod's fsGroup. Where a platform assigns the fsGroup, it may assign none.
    has_group = "fsGroup" in pod["spec"]["securityContext"]
    volume: Manifest = {
        "name": file,
        "secret": {
            "secretName": name,
            "items": [{"key": key, "path": file}],
            "defaultMode": 0o440 if has_group else 0o444,
        },
    }
    if optional:
        volume["secret"]["optional"] = True
    pod["spec"]["volumes"].append(volume)
    pod["spec"]["containers"][0]["volumeMounts"].append({"name": file, "mountPath": folder, "readOnly": True})
