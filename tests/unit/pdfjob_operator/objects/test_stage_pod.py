from hypothesis import given
from hypothesis import strategies as st

from pdfjob_operator.objects.labels import LABEL_STAGE
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.stage_pod import StagePod


@given(st.text(max_size=60))
def test_no_termination_message_breaks_the_parser(message: str) -> None:
    state = {"terminated": {"exitCode": 0, "message": message}}
    pod = StagePod.parse(
        {"metadata": {"labels": {LABEL_STAGE: "merge"}}, "status": {"containerStatuses": [{"state": state}]}}
    )

    assert pod is not None
    assert (pod.stage, pod.exit_code) == (Stage.MERGE, 0)


def test_a_pod_without_a_status_is_neither_running_nor_terminated() -> None:
    pod = StagePod.parse({"metadata": {"labels": {LABEL_STAGE: "merge"}}})

    assert pod == StagePod(Stage.MERGE, running=False, exit_code=None, report=None)
