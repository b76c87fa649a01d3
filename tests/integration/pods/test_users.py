"""Pods that a platform runs as users of its own choice, as OpenShift does: any uid, in the group 0, without a home."""

import stat
import time
from pathlib import Path
from uuid import uuid4

import pytest

from chunk_runner.contract.live_pdfjobs import LivePdfJobs
from integration.pods.job import LEFT, SPEC
from processes.pods import Pods


ONE, ANOTHER, THIRD = 1_000_650_000, 1_000_660_000, 1_000_670_000
"""Users from the ranges of three namespaces."""


@pytest.fixture
def volume(pods: Pods) -> Pods:
    """A volume that belongs to root and its group, as the mount of a network file system may."""
    for folder in (pods.workspace, pods.volume):
        folder.chmod(0o775)
    report = pods.volume.parent / "report"
    report.touch()
    report.chmod(0o666)  # the kubelet's, for the termination message
    return pods


def owners(folder: Path) -> set[int]:
    return {path.stat().st_uid for path in folder.rglob("*")}


@pytest.mark.needs("root")
def test_each_pod_may_be_another_user(volume: Pods) -> None:
    assert volume.as_user(ONE).prepare(SPEC)[0] == 0, volume.log
    for index, user in enumerate((ONE, ANOTHER, THIRD)):
        assert volume.as_user(user).process(index)[0] == 0
    assert owners(volume.workspace) == {ONE, ANOTHER, THIRD}
    assert volume.as_user(ANOTHER).process(0)[0] == 0  # it adds to what the first one wrote

    code, report = volume.as_user(THIRD).run("merge")

    assert (code, report.merged and report.merged.sentences) == (0, 9)
    assert volume.files() == LEFT


@pytest.mark.needs("root")
def test_a_sweep_as_another_user_removes_what_all_others_have_left(volume: Pods) -> None:
    volume.as_user(ONE).run("prepare", PDFJOB_SPEC=SPEC.dumps(), PDFJOB_CLAIM_UID="claim")
    volume.as_user(ANOTHER).process(0)
    volume.workspace.parent.chmod(0o775)
    leftover = volume.workspace.rename(volume.workspace.with_name(str(uuid4())))

    in_an_hour = int(time.time()) + 3600
    live = LivePdfJobs(in_an_hour).dumps()
    code, report = volume.as_user(THIRD).run(
        "sweep", PDFJOB_CLAIM_UID="claim", PDFJOB_BEFORE=str(in_an_hour), PDFJOB_LIVE=live
    )

    assert (code, report.swept and report.swept.removed) == (0, 1), report
    assert not leftover.exists()


def test_the_group_may_change_whatever_a_pod_writes(pods: Pods) -> None:
    pods.prepare(SPEC)
    pods.process(0)

    modes = {path: path.stat().st_mode for path in pods.workspace.rglob("*")}
    assert len(modes) > 5
    assert [path for path, mode in modes.items() if not mode & stat.S_IWGRP or not mode & stat.S_IRGRP] == []
