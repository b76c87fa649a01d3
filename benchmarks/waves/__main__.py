"""Measures how long a PdfJob takes over the ideal, beside what can be had without one.

    make bench
    make bench ARGS='--seconds 5 --runs 3 --cases 4x4 16x4'

Starts a cluster of its own, or uses the one of `PDFJOB_TEST_KUBECONFIG` (see `tools/kubectl/installation.py`). In each
run, every contender works each case off in turn, so that other load on the machine affects all of them. Prints tables
of the seconds over the ideal, `ceil(chunks / workers) × T`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.waves import chord, timeline
from benchmarks.waves.contenders import Case, InCluster
from tools.documents import pdfs
from tools.kubectl import gemini
from tools.kubectl.installation import installation
from tools.kubectl.manifests import CLAIM, claim, librarian
from tools.kubectl.volume import Volume


if TYPE_CHECKING:
    from collections.abc import Callable


CASES = ["1x1", "2x4", "4x4", "8x4", "16x4", "32x8"]
SECONDS = [0.0, 5.0, 30.0]
TIMELINE = Case(8, 4, 5)
PRESTART = 2


def main() -> None:
    """Print the tables, and draw the picture."""
    arguments = _arguments()
    with ExitStack() as stack:
        contenders, ours = _start(stack, arguments.cases)
        for seconds in arguments.seconds:
            cases = [Case(*_chunks_and_workers(text), seconds) for text in arguments.cases]
            _print_table(cases, _measure(cases, contenders, arguments.runs))
        for workers in sorted({_chunks_and_workers(text)[1] for text in arguments.cases}):
            _say(f"Idle workers of Celery, {workers}: {chord.idle_mebibytes(workers):.0f} MiB")
        if arguments.picture:
            timeline.draw(ours.timeline(TIMELINE), arguments.picture)


def _chunks_and_workers(text: str) -> tuple[int, int]:
    chunks, workers = text.split("x")
    return int(chunks), int(workers)


def _start(stack: ExitStack, cases: list[str]) -> tuple[dict[str, Callable[[Case], float]], InCluster]:
    """Start all that the contenders need."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pdfjob-bench-")))
    cluster = stack.enter_context(installation(folder / "cluster"))
    operator = stack.enter_context(cluster.operator("pdfjob-bench", {"workspace.create": "false"}))
    model = gemini.start(operator, cluster.runner_image)
    kubectl = cluster.in_namespace(f"{operator.namespace}-jobs")
    kubectl.create_namespace()
    stack.callback(kubectl.run, "delete", "namespace", kubectl.namespace, "--wait=false")
    for manifest in (claim(CLAIM), librarian(cluster.runner_image), gemini.key_secret("AQ.benchmark")):
        kubectl.apply(manifest)
    kubectl.wait("pod/librarian", "condition=Ready")
    for pages in {_chunks_and_workers(text)[0] for text in cases} | {TIMELINE.chunks}:
        book = pdfs.write_pages(folder / f"{pages}.pdf", [pdfs.sales(page) for page in range(1, pages + 1)])
        Volume(kubectl).put(book, book.name)
    stack.enter_context(chord.broker())
    ours = InCluster(kubectl, model, cluster.runner_image)
    contenders: dict[str, Callable[[Case], float]] = {
        "PdfJob": ours.pdfjob,
        f"PdfJob, `prestart: {PRESTART}`": partial(ours.pdfjob, prestart=PRESTART),
        "three Jobs": ours.three_jobs,
        "one Indexed Job": ours.indexed_job,
        "Celery chord": chord.seconds_of,
        "PdfJob, `workers: 1`": ours.one_by_one,
    }
    return contenders, ours


def _measure(
    cases: list[Case], contenders: dict[str, Callable[[Case], float]], runs: int
) -> dict[tuple[str, Case], list[float]]:
    """Return the seconds over the ideal, by contender and case; without parallelism, one run of small cases only."""
    measured: dict[tuple[str, Case], list[float]] = {}
    for run in range(runs):
        for case in cases:
            for name, contender in contenders.items():
                alone = name.endswith("`workers: 1`")
                if alone and (run or case.chunks > 4):  # noqa: PLR2004 (else it would take most of the time)
                    continue
                ideal = case.chunks * case.seconds if alone else case.ideal
                measured.setdefault((name, case), []).append(contender(case) - ideal)
    return measured


def _print_table(cases: list[Case], measured: dict[tuple[str, Case], list[float]]) -> None:
    _say(f"\nT = {cases[0].seconds:g} s: seconds over the ideal, median (least to most)\n")
    _say("| | " + " | ".join(f"{case.name}, ideal {case.ideal:g}" for case in cases) + " |")
    _say("| --- " * (len(cases) + 1) + "|")
    for name in dict.fromkeys(name for name, _ in measured):
        _say(f"| {name} | " + " | ".join(_cell(measured.get((name, case))) for case in cases) + " |")
    ours = [median(measured["PdfJob", case]) for case in cases]
    used = [
        case.chunks * case.seconds / (case.workers * (case.ideal + over))
        for case, over in zip(cases, ours, strict=True)
    ]
    _say("| utilisation of the workers | " + " | ".join(f"{share:.0%}" for share in used) + " |")


def _cell(found: list[float] | None) -> str:
    return f"{median(found):.1f} ({min(found):.1f} to {max(found):.1f})" if found else "–"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", default=CASES, help="chunks and workers, as 8x4")
    parser.add_argument("--seconds", nargs="+", type=float, default=SECONDS, help="T: what the model takes to answer")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--picture", type=Path, help="where to draw the timeline of one PdfJob, as SVG")
    return parser.parse_args()


if __name__ == "__main__":
    main()
