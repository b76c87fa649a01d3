"""The pod that runs the chunk runner: restricted, without access to the API, one container.

Knows nothing of PdfJobs: who runs it, and on what, is for `manifests` and `sweeps`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunk_runner.contract import environment


if TYPE_CHECKING:
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.kubernetes import Manifest


RUNNER_USER = 65532
"""User and group of every pod: `nonroot` in distroless images, and in this project's."""


def pod_template(settings: Settings, name: str, command: str, env: dict[str, str], memory: int = 0) -> Manifest:
    """A pod template that passes the restricted Pod Security Standard.

    Args:
        settings: The configuration.
        name: Of its container, and its component.
        command: What the chunk runner is to do.
        env: Its environment.
        memory: How often its memory limit is doubled.
    """
    return {
        "metadata": {
            "labels": {
                **settings.pod_labels,
                "app.kubernetes.io/name": "pdfjob",
                "app.kubernetes.io/component": name,
                "app.kubernetes.io/managed-by": "pdfjob-operator",
            },
        },
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 30,
            "imagePullSecrets": [{"name": secret} for secret in settings.image_pull_secrets],
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": RUNNER_USER,
                "runAsGroup": RUNNER_USER,
                "fsGroup": RUNNER_USER,
                "fsGroupChangePolicy": "OnRootMismatch",
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": name,
                    "image": settings.runner_image,
                    "imagePullPolicy": settings.image_pull_policy,
                    "args": [command],
                    "env": [
                        {"name": environment.ATTEMPT_ENV, "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}},
                        {
                            "name": environment.MEMORY_ENV,
                            "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}},
                        },
                        # Doubled, because Kubernetes would expand $(NAME) in what a user wrote.
                        *({"name": key, "value": value.replace("$", "$$")} for key, value in env.items()),
                    ],
                    "resources": settings.resources_with(memory),
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


def mount_workspace(pod: Manifest, claim: str, folder: str, path: str) -> None:
    """Give a pod a folder of a claim, and nothing else of it.

    Args:
        pod: The template.
        claim: The PersistentVolumeClaim.
        folder: The folder, relative to the volume's root; the kubelet makes it.
        path: Where the container finds it.
    """
    spec = pod["spec"]
    spec["volumes"].insert(0, {"name": "workspace", "persistentVolumeClaim": {"claimName": claim}})
    spec["containers"][0]["volumeMounts"].insert(0, {"name": "workspace", "mountPath": path, "subPath": folder})


def mount_secret(pod: Manifest, name: str, key: str, path: str, *, optional: bool = False) -> None:
    """Give a pod one key of a Secret as a file.

    Args:
        pod: The template.
        name: The Secret.
        key: The key.
        path: Where the container finds the file, in a folder of its own.
        optional: The pod does without, if there is no such Secret or key; else it does not start before both are there.
    """
    folder, _, file = path.rpartition("/")
    volume: Manifest = {
        "name": file,
        "secret": {
            "secretName": name,
            "items": [{"key": key, "path": file}],
            "defaultMode": 0o440,  # root's, and its group is the pod's fsGroup: the runner's
        },
    }
    if optional:
        volume["secret"]["optional"] = True
    pod["spec"]["volumes"].append(volume)
    pod["spec"]["containers"][0]["volumeMounts"].append({"name": file, "mountPath": folder, "readOnly": True})
