from hypothesis import given
from hypothesis import strategies as st

from pdfjob_operator.objects.labels import LABEL_STAGE
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.stage_pod import StagePod


@given(st.text(max_size=60))
def test_no_termination_message_breaks_the_parser(message: str) -> None:
    state = {"terminated": {"exitCode": 0, "message": message}}
    pod = StagePod.parse(
        {
            "metadata": {"labels": {LABEL_STAGE: "merge"}},
            "status": {"containerStatuses": [{"name": "runner", "state": state}]},
        }
    )

    assert pod is not None
    assert (pod.stage, pod.exit_code) == (Stage.MERGE, 0)


def test_a_container_that_a_mesh_injects_is_not_taken_for_the_runner() -> None:
    injected = {"name": "istio-proxy", "state": {"running": {}}}
    runner = {"name": "runner", "state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}
    pod = {"metadata": {"labels": {LABEL_STAGE: "merge"}}, "status": {"containerStatuses": [injected, runner]}}

    assert StagePod.parse(pod) == StagePod(Stage.MERGE, running=False, exit_code=137, report=None, out_of_memory=True)


def test_a_pod_without_a_status_is_neither_running_nor_terminated() -> None:
    pod = StagePod.parse({"metadata": {"labels": {LABEL_STAGE: "merge"}}})

    assert pod == StagePod(Stage.MERGE, running=False, exit_code=None, report=None)
