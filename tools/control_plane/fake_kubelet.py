"""The kubelet and the chunk runner, played by plan through the real API.

No pod is ever scheduled, which the Job controller does not mind; and what has no node, the API server deletes at once,
so that nobody has to play the end of a deletion.
"""

import asyncio
from datetime import UTC, datetime

from tools.control_plane.api import Api, Manifest
from tools.control_plane.fake_pods import BEGIN, LABEL_STAGE, SAYS, HeldPlan, end_of, status_of


class FakeKubelet:
    """Plays every pod of this project in a cluster.

    Args:
        api: The API server.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._plans: dict[tuple[str, str], HeldPlan] = {}
        self._barriers: dict[tuple[str, str, str], asyncio.Event] = {}
        self._seen: set[str] = set()

    def plan(self, namespace: str, name: str, plan: HeldPlan) -> None:
        """What happens to this PdfJob; to be said before it is created."""
        self._plans[namespace, name] = plan
        self._barriers |= {(namespace, name, what): asyncio.Event() for what in plan.holds}

    def release(self, namespace: str, name: str, what: str) -> None:
        """Let go what was held."""
        self._barriers[namespace, name, what].set()

    async def run(self) -> None:
        """Play until cancelled."""
        async with asyncio.TaskGroup() as group:
            async for kind, pod in self._api.watch("/api/v1/pods", LABEL_STAGE):
                uid = pod["metadata"]["uid"]
                if kind == "DELETED":
                    self._seen.discard(uid)
                elif uid not in self._seen and pod["status"]["phase"] in ("Pending", "Running"):
                    self._seen.add(uid)
                    group.create_task(self._play(pod))

    async def _play(self, pod: Manifest) -> None:
        meta = pod["metadata"]
        stage = meta["labels"][LABEL_STAGE]
        annotations = meta.get("annotations", {})
        job = "" if SAYS in annotations else annotations.get("pdfjob.dev/job", "")
        path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
        plan = self._plans.get((meta["namespace"], job), HeldPlan())
        if stage == "prepare":
            await self._pass((meta["namespace"], job, BEGIN))
        began = _now()
        if stage != "chunks" or stage in plan.holds:  # a thousand chunks are in a hurry
            await self._api.patch_status(path, status_of(pod, "Running", {"running": {"startedAt": began}}))
        await self._pass((meta["namespace"], job, stage))
        end = end_of(pod, plan)
        ended = {"exitCode": end.exit_code, "message": end.message, "startedAt": began, "finishedAt": _now()}
        ended["reason"] = end.reason or ("Error" if end.exit_code else "Completed")
        phase = "Failed" if end.exit_code else "Succeeded"
        await self._api.patch_status(path, status_of(pod, phase, {"terminated": ended}))

    async def _pass(self, gate: tuple[str, str, str]) -> None:
        if (held := self._barriers.get(gate)) is not None:
            await held.wait()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
