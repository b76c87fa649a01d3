"""When each pod of a PdfJob was created, started, asked the model and ended; and a picture of it.

The time of creation is the API server's, in whole seconds. Start and end of a program are the times at which its first
and its last line reached the container's log (without a line, the kubelet's, in whole seconds), and the time of a
question is the model's. Knows nothing of contenders.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.patches import Patch


if TYPE_CHECKING:
    from pathlib import Path

    from tools.kubectl.client import Kubectl
    from tools.kubectl.gemini import Model


_INDEX = "batch.kubernetes.io/job-completion-index"
_PAGE = re.compile(r"On page (\d+)")

COLOURS = {"creating the pod": "#c9ced6", "starting": "#f2b134", "asking": "#3b7dd8", "writing": "#5aa469"}


@dataclass(frozen=True)
class PodTimes:
    """Times of a pod, in seconds since the epoch.

    Attributes:
        name: Of its stage, with the chunk's number.
        created: When the API server stored it.
        started: When its program wrote the first line.
        asked: When the model got its question; `None` if it asks nothing.
        answered: When the model answered.
        ended: When its program wrote the last line.
    """

    name: str
    created: float
    started: float
    asked: float | None
    answered: float | None
    ended: float


def of_pods(kubectl: Kubectl, model: Model, latency: float) -> list[PodTimes]:
    """Return the times of all pods of the namespace's PdfJob, in the order of their creation.

    Args:
        kubectl: In the namespace.
        model: The model, which was asked once about each page, and a chunk is a page.
        latency: The seconds after which it answers.
    """
    asked = {int(_PAGE.findall(entry["page_texts"][0])[0]) - 1: float(entry["time"]) for entry in model.log()}
    pods = [_times(kubectl, pod, asked, latency) for pod in kubectl.get("pods", "--selector=pdfjob.dev/uid")]
    return sorted(pods, key=lambda pod: (pod.created, pod.started))


def _times(kubectl: Kubectl, pod: dict[str, Any], asked: dict[int, float], latency: float) -> PodTimes:
    metadata = pod["metadata"]
    stage, index = metadata["labels"]["pdfjob.dev/stage"], metadata["annotations"].get(_INDEX)
    ends = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    stamps = [line.split()[0] for line in kubectl.run("logs", metadata["name"], "--timestamps").splitlines()]
    stamps = stamps or [ends["startedAt"], ends["finishedAt"]]
    started, ended = (datetime.fromisoformat(stamp).timestamp() for stamp in (stamps[0], stamps[-1]))
    question = None if index is None else asked.get(int(index))
    return PodTimes(
        name=stage if index is None else f"chunk {index}",
        created=datetime.fromisoformat(metadata["creationTimestamp"]).timestamp(),
        started=started,
        asked=question,
        answered=None if question is None else question + latency,
        ended=ended,
    )


def draw(pods: list[PodTimes], path: Path) -> None:
    """Draw a bar for each pod, from the first creation on."""
    begin = min(pod.created for pod in pods)
    figure = Figure(figsize=(9, 0.3 * len(pods) + 1.2))
    axes = figure.subplots()
    for row, pod in enumerate(pods):
        marks = [pod.created, pod.started, pod.asked or pod.ended, pod.answered or pod.ended, pod.ended]
        for what, left, right in zip(COLOURS, marks, marks[1:], strict=False):
            axes.barh(row, right - left, left=left - begin, color=COLOURS[what], height=0.7)
    axes.set_yticks(range(len(pods)), [pod.name for pod in pods])
    axes.invert_yaxis()
    axes.set_xlabel("seconds")
    handles = [Patch(color=colour) for colour in COLOURS.values()]
    axes.legend(handles, [*COLOURS], loc="lower left", bbox_to_anchor=(0, 1), ncols=len(COLOURS), frameon=False)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
