"""How chunks and pages are counted."""

from builders import (
    CHUNKS_DONE,
    decide,
    make_chunks_job,
    make_job,
    make_merged,
    make_pod,
)
from chunk_runner.contract.report import Report
from pdfjob_operator.objects.phases import Stage


def test_progress_is_what_the_chunks_job_counts() -> None:
    progress = decide(make_chunks_job(active=2, succeeded=1, failed=1)).state.progress

    assert (progress.total, progress.active, progress.succeeded, progress.failed, progress.pages) == (4, 2, 1, 1, 120)


def test_warnings_of_prepare_are_kept_in_every_later_phase() -> None:
    odd = ("The file was damaged, and repaired.",)
    pod = make_pod(Stage.PREPARE, exit_code=0, report=Report(pages=120, chunks=4, warnings=odd))
    merged = make_pod(Stage.MERGE, exit_code=0, report=Report(pages=120, chunks=4, merged=make_merged(), warnings=odd))
    prepare, merge = make_job(Stage.PREPARE), make_job(Stage.MERGE)

    steps = [
        decide(prepare, pods=(pod,)),
        decide(prepare, make_chunks_job(active=4), pods=(pod,)),
        decide(prepare, CHUNKS_DONE, pods=(pod,)),
        decide(CHUNKS_DONE, merge, pods=(merged,)),
    ]

    assert [step.state.phase for step in steps] == ["Processing", "Processing", "Merging", "Succeeded"]
    assert {step.state.progress.warnings for step in steps} == {odd}
