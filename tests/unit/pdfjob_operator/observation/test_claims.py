"""Which claims are read, and why one has no volume."""

from datetime import timedelta
from typing import Any

import pytest

from builders import (
    CHUNKS_DONE,
    NOW,
    SETTINGS,
    make_claim,
    make_job,
    make_observation,
    make_pdfjob,
    make_pod,
    make_started,
    prepared,
)
from pdfjob_operator.objects.names import own_claim_name
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.observation.claims import Claims, claim_to_choose, claims_of, why_not_bound
from pdfjob_operator.planning.observation import Observation
from unit.pdfjob_operator.fake_cluster import FakeCluster


ELSEWHERE = {"volume": {"claimName": "library", "path": "germinal.pdf"}}
WORKSPACE, LIBRARY = make_claim(), make_claim("library")
POD = {
    "metadata": {"namespace": "books"},
    "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": SETTINGS.workspace_claim}}]},
}


def with_claims(*claims: Any) -> FakeCluster:
    cluster = FakeCluster()
    cluster.claims = [*claims]
    return cluster


async def test_a_new_pdfjob_has_a_choice_only_if_its_source_is_elsewhere() -> None:
    cluster = with_claims(WORKSPACE)

    assert await claim_to_choose(cluster, make_pdfjob(source=ELSEWHERE), SETTINGS) == WORKSPACE
    assert await claim_to_choose(with_claims(), make_pdfjob(source=ELSEWHERE), SETTINGS) is None
    for spec in ({}, {"storage": {"claimName": "mine"}}, {"source": ELSEWHERE, "storage": {"size": "1Gi"}}):
        await claim_to_choose(cluster, make_pdfjob(**spec), SETTINGS)
    assert cluster.reads == ["claim pdfjob-workspace"]


async def test_the_claims_of_the_first_job_are_those_of_workspace_and_source() -> None:
    owned = make_observation(pdfjob=make_started(source=ELSEWHERE))

    assert await claims_of(with_claims(WORKSPACE, LIBRARY), owned, SETTINGS) == Claims(WORKSPACE, LIBRARY)


async def test_a_pdfjob_with_a_claim_of_its_own_is_asked_about_that() -> None:
    pdfjob = make_started(source=ELSEWHERE, storage={"size": "1Gi"})
    cluster = with_claims()

    assert await claims_of(cluster, make_observation(pdfjob=pdfjob), SETTINGS) == Claims()
    assert cluster.reads == [f"claim {own_claim_name(pdfjob.raw)}", "claim library"]


@pytest.mark.parametrize(
    "owned",
    [
        make_observation(make_job(Stage.PREPARE), pods=(prepared(120, 4),)),
        make_observation(CHUNKS_DONE),
        make_observation(make_job(Stage.PREPARE, suspended=True), pdfjob=make_started(timeoutSeconds=1)),
    ],
    ids=["prepare has ended", "the chunks are done", "out of time"],
)
async def test_before_the_next_stage_the_claim_of_the_workspace_is_read(owned: Observation) -> None:
    assert await claims_of(with_claims(WORKSPACE), owned, SETTINGS) == Claims(WORKSPACE)


async def test_while_a_stage_is_at_work_no_claim_is_read() -> None:
    cluster = with_claims(WORKSPACE)

    await claims_of(cluster, make_observation(make_job(Stage.PREPARE), pods=(make_pod(Stage.PREPARE),)), SETTINGS)

    assert cluster.reads == []


async def test_a_claim_that_may_not_be_read_counts_as_one_that_exists(caplog: pytest.LogCaptureFixture) -> None:
    cluster = with_claims()
    cluster.forbidding = True

    found = await claim_to_choose(cluster, make_pdfjob(source=ELSEWHERE), SETTINGS)

    assert found is not None
    assert (found.name, found.uid) == ("pdfjob-workspace", "")
    assert "will never be swept" in caplog.text


UNBOUND = make_claim(bound=False, created_at=NOW - timedelta(seconds=20))


async def test_a_claim_without_a_volume_is_diagnosed_from_its_events() -> None:
    cluster = with_claims(UNBOUND)
    cluster.events = {UNBOUND.uid: [{"reason": "ProvisioningFailed", "message": "only supports ReadWriteOnce"}]}

    failure = await why_not_bound(cluster, "books", POD, NOW)

    assert failure is not None
    assert (failure.reason, "only supports ReadWriteOnce" in failure.message) == ("ClaimNotBound", True)


@pytest.mark.parametrize("claims", [[WORKSPACE], []], ids=["bound", "missing"])
async def test_a_claim_that_is_bound_or_missing_is_no_matter_of_its_events(claims: list[Any]) -> None:
    cluster = with_claims(*claims)

    assert await why_not_bound(cluster, "books", POD, NOW) is None
    assert cluster.reads == ["claim pdfjob-workspace"]
