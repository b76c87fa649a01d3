"""Measures the operator: memory by number of PdfJobs, and API writes per PdfJob by number of chunks.

A real control plane, and pods played by plan (`tools/control_plane`).
"""

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tools.control_plane.environment import control_plane_in, harness_in
from tools.control_plane.event_log import ENDED
from tools.control_plane.fake_pods import HeldPlan
from tools.control_plane.harness import Harness
from tools.control_plane.process import OperatorProcess
from tools.control_plane.world import World, world
from tools.kubectl.manifests import pdfjob
from tools.testcluster.layout import Cluster


COUNTS = [int(it) for it in os.environ.get("PDFJOB_BENCHMARK_COUNTS", "10,100,1000").split(",")]
CHUNKS = (4, 400)
REST_SECONDS = 5
"""Seconds after the end of a PdfJob in which the operator may still write, for instance an Event."""


def writes(operator: OperatorProcess) -> Counter[str]:
    """Return the operator's writes so far by its own metric, such as `POST jobs` or `PUT pdfjobs/status`."""
    calls = [(it.labels, it.value) for it in operator.samples("pdfjob_api_requests_total")]
    return Counter(
        {f"{what['method']} {what['resource']}": int(number) for what, number in calls if what["method"] != "GET"}
    )


def measure_writes(cluster: Cluster, here: World, folder: Path) -> None:
    """Print the writes for the second PdfJob of a namespace: the first one also creates a sweep Job."""
    sys.stdout.write("| chunks | writes | of these of the status | all |\n| --- | --- | --- | --- |\n")
    for chunks in CHUNKS:
        with harness_in(cluster, here, folder) as harness:
            operator = harness.operator()
            operator.wait_alive()
            harness.create("first", HeldPlan(pages=2))
            harness.end_of("first")
            time.sleep(REST_SECONDS)
            before = writes(operator)
            harness.create("measured", HeldPlan(pages=chunks), workers=20)
            harness.end_of("measured")
            time.sleep(REST_SECONDS)
            done = writes(operator) - before
            what = ", ".join(f"{number} × {name}" for name, number in sorted(done.items()))
            sys.stdout.write(f"| {chunks} | {done.total()} | {done['PUT pdfjobs/status']} | {what} |\n")
            sys.stdout.flush()


def measure_memory(cluster: Cluster, here: World, folder: Path) -> None:
    """Print the resident memory while PdfJobs run, after they have finished, and after a restart of the operator."""
    sys.stdout.write("\n| PdfJobs | running | finished | finished, operator restarted |\n| --- | --- | --- | --- |\n")
    for number in COUNTS:
        with harness_in(cluster, here, folder) as harness:
            operator = harness.operator()
            operator.wait_alive()
            names = [f"job-{index}" for index in range(number)]
            for name in names:
                harness.plan(name, HeldPlan(pages=2, holds=frozenset({"chunks"})))
            harness.make_all([pdfjob(name, "a.pdf", chunking={"pagesPerChunk": 1}) for name in names])
            _until_all(harness, number, "Processing")
            operator.wait_metric_at_most("pdfjob_workqueue_depth", 0)
            at_work = operator.resident_bytes()
            for name in names:
                harness.release(name, "chunks")
            _until_all(harness, number, *ENDED)
            operator.wait_metric_at_most("pdfjob_workqueue_depth", 0)
            ended = operator.resident_bytes()
            operator.end()
            fresh = harness.operator()
            fresh.wait_alive()
            fresh.wait_metric("pdfjob_reconcile_duration_seconds_count", number)  # one reconciliation per PdfJob
            fresh.wait_metric_at_most("pdfjob_workqueue_depth", 0)
            figures = " | ".join(f"{it / 2**20:.0f} MiB" for it in (at_work, ended, fresh.resident_bytes()))
            sys.stdout.write(f"| {number} | {figures} |\n")
            sys.stdout.flush()


def _until_all(harness: Harness, number: int, *phases: str) -> None:
    def there() -> int:
        return len({it.name for it in harness.event_log.of(harness.namespace, "PdfJob") if it.phase in phases})

    harness.event_log.until(lambda: there() >= number, f"{number} PdfJobs are in {phases}", seconds=1800)


def main() -> None:
    """Print the tables to stdout."""
    with (
        tempfile.TemporaryDirectory() as folder,
        control_plane_in(Path(folder) / "cluster") as cluster,
        world(cluster) as here,
    ):
        measure_writes(cluster, here, Path(folder))
        measure_memory(cluster, here, Path(folder))


if __name__ == "__main__":
    main()
