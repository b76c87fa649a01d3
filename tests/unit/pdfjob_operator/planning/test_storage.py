from dataclasses import replace
from typing import Any

import pytest

from builders import (
    CHUNKS_DONE,
    NOW,
    SETTINGS,
    decide,
    make_claim,
    make_job,
    make_observation,
    make_pdfjob,
    make_started,
    prepared,
    variables,
)
from chunk_runner.contract.environment import CLAIM_ENV
from pdfjob_operator.configuration.runner_pod import RunnerPod
from pdfjob_operator.configuration.settings import Settings
from pdfjob_operator.objects.kubernetes import Manifest
from pdfjob_operator.objects.names import own_claim_name
from pdfjob_operator.objects.pdfjob import PdfJob
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.volume_claim import VolumeClaim
from pdfjob_operator.planning.decision import Decision
from pdfjob_operator.planning.observation import Observation
from pdfjob_operator.planning.planner import plan
from pdfjob_operator.planning.storage import may_need_own_claim


ELSEWHERE = {"volume": {"claimName": "library", "path": "germinal.pdf"}}
OWN = own_claim_name(make_pdfjob().raw)
ONCE = frozenset({"ReadWriteOnce"})


def chosen(pdfjob: PdfJob, claim: VolumeClaim | None = None, settings: Settings = SETTINGS) -> str | None:
    """The claim that the first reconciliation of a PdfJob chooses."""
    return plan(Observation(pdfjob, NOW, workspace_claim=claim), settings).claim


def begun(settings: Settings = SETTINGS, claim: VolumeClaim | None = None, **spec: Any) -> Decision:
    """What is decided about a PdfJob that is about to begin."""
    return plan(make_observation(pdfjob=make_started(**spec), workspace_claim=claim), settings)


def template(job: Manifest) -> Manifest:
    found: Manifest = job["spec"]["template"]
    return found


class TestChoice:
    @pytest.mark.parametrize(
        ("spec", "claim"),
        [
            ({}, "pdfjob-workspace"),
            ({"source": {"volume": {"claimName": "pdfjob-workspace", "path": "a.pdf"}}}, "pdfjob-workspace"),
            ({"storage": {"claimName": "mine"}}, "mine"),
            ({"source": ELSEWHERE, "storage": {"claimName": "mine"}}, "mine"),
            ({"source": ELSEWHERE, "storage": {"size": "5Gi"}}, OWN),
            ({"source": ELSEWHERE, "storage": {"accessMode": "ReadWriteMany"}}, OWN),
            ({"source": ELSEWHERE}, OWN),
        ],
        ids=str,
    )
    def test_what_a_pdfjob_asks_for_decides_if_the_configured_claim_does_not_exist(
        self, spec: dict[str, Any], claim: str
    ) -> None:
        assert chosen(make_pdfjob(**spec)) == claim

    def test_the_configured_claim_is_used_if_it_exists(self) -> None:
        assert chosen(make_pdfjob(source=ELSEWHERE), make_claim()) == "pdfjob-workspace"

    def test_the_choice_does_not_depend_on_whether_the_pdfjob_is_admitted(self) -> None:
        waiting = Observation(make_pdfjob(source=ELSEWHERE), NOW, admitted=False)

        assert plan(waiting, SETTINGS).claim == OWN

    def test_an_administrator_can_have_every_pdfjob_wait_for_the_configured_claim(self) -> None:
        never = replace(SETTINGS, create_claims=False)

        assert chosen(make_pdfjob(source=ELSEWHERE), settings=never) == "pdfjob-workspace"
        assert not may_need_own_claim(make_pdfjob(source=ELSEWHERE), never)

    def test_the_choice_is_made_once(self) -> None:
        recorded = {"startTime": "2026-11-23T11:59:00Z", "output": {"claimName": OWN}}

        decision = begun(source=ELSEWHERE, status=recorded)

        assert decision.create_claim is not None
        assert decision.create_claim["metadata"]["name"] == OWN

    def test_a_claim_in_a_status_gives_access_to_no_other_claim(self) -> None:
        forged = {"startTime": "2026-11-23T11:59:00Z", "output": {"claimName": "theirs"}}

        (job,) = begun(status=forged).create

        assert "theirs" not in str(job)


class TestOwnClaim:
    def test_it_is_created_with_the_first_job_unless_it_exists(self) -> None:
        storage = {"size": "5Gi"}

        assert begun(storage=storage).create_claim is not None
        assert begun(storage=storage, claim=make_claim(OWN)).create_claim is None

    @pytest.mark.parametrize("spec", [{}, {"storage": {"claimName": "mine"}}], ids=str)
    def test_no_other_claim_is_created(self, spec: dict[str, Any]) -> None:
        assert begun(**spec).create_claim is None

    @pytest.mark.parametrize(
        ("settings", "storage", "said"),
        [
            ({"create_claims": False}, {"size": "5Gi"}, "workspace.createPerJob"),
            ({"max_workspace_size": "4Gi"}, {"size": "5Gi"}, "is 5Gi, but the operator's configuration allows 4Gi"),
            ({"storage_classes": ("nfs",)}, {"storageClassName": "fast"}, "is fast, but"),
        ],
        ids=str,
    )
    def test_beyond_the_limits_of_the_administrator_the_pdfjob_fails_at_once(
        self, settings: dict[str, Any], storage: dict[str, Any], said: str
    ) -> None:
        decision = begun(replace(SETTINGS, **settings), storage=storage)

        assert decision.state is not None
        assert (decision.state.phase, decision.state.reason) == ("Failed", "StorageRefused")
        assert said in decision.state.message
        assert (decision.create, decision.create_claim) == ((), None)

    @pytest.mark.parametrize(
        ("settings", "storage"),
        [
            ({"max_workspace_size": "5Gi"}, {"size": "5Gi"}),
            ({"max_workspace_size": "1Gi"}, {"accessMode": "ReadWriteOnce"}),
            ({"storage_classes": ("nfs",)}, {"storageClassName": "nfs"}),
            ({"storage_classes": ("nfs",)}, {"size": "5Gi"}),
        ],
        ids=str,
    )
    def test_within_the_limits_it_is_created(self, settings: dict[str, Any], storage: dict[str, Any]) -> None:
        assert begun(replace(SETTINGS, **settings), storage=storage).create_claim is not None

    def test_a_claim_that_exists_is_used_even_if_the_limits_have_changed(self) -> None:
        never = replace(SETTINGS, create_claims=False)

        assert begun(never, storage={"size": "5Gi"}, claim=make_claim(OWN)).create


class TestSharedNode:
    def test_pods_on_a_claim_for_many_nodes_run_anywhere(self) -> None:
        (job,) = begun(claim=make_claim()).create

        assert "affinity" not in template(job)["spec"]

    @pytest.mark.parametrize("claim", [make_claim(access_modes=ONCE), None], ids=["ReadWriteOnce", "unknown"])
    def test_pods_on_any_other_claim_share_a_node(self, claim: VolumeClaim | None) -> None:
        (job,) = begun(claim=claim).create

        (term,) = template(job)["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        (selector,) = term["labelSelector"]["matchExpressions"]
        assert selector["key"] in template(job)["metadata"]["labels"]

    def test_later_stages_prefer_the_node_of_the_last_pod(self) -> None:
        once = make_claim(access_modes=ONCE)
        prepare = replace(prepared(120, 4), node="node-2")

        (chunks,) = decide(make_job(Stage.PREPARE), pods=(prepare,), workspace_claim=once).create
        (merge,) = decide(CHUNKS_DONE, pods=(prepare,), workspace_claim=once).create

        for job in (chunks, merge):
            (preferred,) = template(job)["spec"]["affinity"]["nodeAffinity"][
                "preferredDuringSchedulingIgnoredDuringExecution"
            ]
            assert preferred["preference"]["matchFields"][0]["values"] == ["node-2"]

    def test_a_source_on_a_claim_for_one_node_counts_too(self) -> None:
        pdfjob = make_started(source=ELSEWHERE, storage={"size": "1Gi"})

        decision = plan(
            make_observation(pdfjob=pdfjob, source_claim=make_claim("library", access_modes=ONCE)), SETTINGS
        )

        (job,) = decision.create
        (term,) = template(job)["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert term["labelSelector"]["matchExpressions"][0]["key"] == "claim.pdfjob.dev/library"

    @pytest.mark.parametrize("mode", ["ReadWriteMany", "ReadOnlyMany"])
    def test_a_source_that_many_nodes_can_read_does_not(self, mode: str) -> None:
        source = make_claim("library", access_modes=frozenset({mode}))

        decision = plan(
            make_observation(pdfjob=make_started(source=ELSEWHERE), workspace_claim=make_claim(), source_claim=source),
            SETTINGS,
        )

        assert "affinity" not in template(decision.create[0])["spec"]

    def test_a_claim_that_the_administrator_adds_to_all_pods_does_not(self) -> None:
        models = {"name": "models", "persistentVolumeClaim": {"claimName": "models"}}
        settings = replace(SETTINGS, runner_pod=RunnerPod(volumes=(models,)))

        (job,) = begun(settings, make_claim()).create

        assert models in template(job)["spec"]["volumes"]
        assert "affinity" not in template(job)["spec"]

    def test_a_claim_for_a_single_pod_is_refused(self) -> None:
        decision = begun(claim=make_claim(access_modes=frozenset({"ReadWriteOncePod"})))

        assert decision.state is not None
        assert (decision.state.phase, decision.state.reason, decision.create) == ("Failed", "StorageRefused", ())
        assert "use a claim that is ReadWriteOnce or ReadWriteMany" in decision.state.message


def test_every_job_marks_its_workspace_with_the_uid_of_the_claim() -> None:
    (job,) = begun(claim=make_claim()).create

    assert variables(job)[CLAIM_ENV] == "uid-of-pdfjob-workspace"


@pytest.mark.parametrize("claim", [None, VolumeClaim("pdfjob-workspace")], ids=["does not exist", "may not be read"])
def test_a_claim_without_a_known_uid_is_no_mark(claim: VolumeClaim | None) -> None:
    (job,) = begun(claim=claim).create

    assert CLAIM_ENV not in variables(job)
