"""What becomes of a stage's Job when one of its pods fails: the `podFailurePolicy` of each stage. Pure.

The exit codes are those of the chunk runner. A code that no rule names costs a retry.
"""

from __future__ import annotations

from collections.abc import Mapping

from chunk_runner.contract.exit_codes import ExitCode
from pdfjob_operator.objects.kubernetes import Manifest
from pdfjob_operator.objects.names import CONTAINER
from pdfjob_operator.objects.phases import Stage


def failure_policy(stage: Stage) -> Manifest:
    """Build the policy of a stage's Job.

    Pod deletions that Kubernetes itself announces (drains, evictions, preemption) do not count as retries.
    """
    ignored = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    actions = [
        {
            "action": action,
            "onExitCodes": {"containerName": CONTAINER, "operator": "In", "values": sorted(codes)},
        }
        for action, codes in _ACTIONS[stage].items()
    ]
    return {"rules": [ignored, *actions]}


_ACTIONS: Mapping[Stage, Mapping[str, tuple[ExitCode, ...]]] = {
    Stage.PREPARE: {"FailJob": (ExitCode.SOURCE, ExitCode.CONFIGURATION, ExitCode.USAGE, ExitCode.MEMORY)},
    Stage.CHUNKS: {
        "FailIndex": (ExitCode.CHUNK, ExitCode.MEMORY),
        "FailJob": (ExitCode.CONFIGURATION, ExitCode.USAGE, ExitCode.WORKSPACE_LOST),
    },
    Stage.MERGE: {"FailJob": (ExitCode.CONFIGURATION, ExitCode.USAGE, ExitCode.WORKSPACE_LOST)},
    Stage.EARLY_MERGE: {},  # it has no retries: any failure ends it
}
"""By stage, the action of Kubernetes and the exit codes that cause it."""
