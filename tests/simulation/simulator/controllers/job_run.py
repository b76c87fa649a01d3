"""What the Job controller remembers of a Job between two looks at it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from chunk_runner.contract.ranges import parse_ranges
from simulation.simulator.controllers.work import Attempt, Work
from simulation.simulator.kinds import Manifest, Ref


START_SECONDS = 2
"""Between a pod's creation and its container's start."""

LOOK_SECONDS = 1
"""Between two looks of a container at what it waits for."""


@dataclass
class JobRun:
    """What the controller remembers of a Job; real ones remember it in pods, made here only if the operator looks.

    Attributes:
        running: By index, when its pod started and what it does.
        ended: Running indexes whose container has ended.
        waited: By running index, since when what its container waits for is there.
        pods: By index, the pod object, if there is one.
        failures: By index, how many attempts failed.
        later: By index, when it may be tried again.
        done: Indexes that succeeded.
        failed: Indexes that failed for good.
        verdict: The condition to come: type, reason and when.
    """

    running: dict[int, tuple[datetime, Attempt]] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    waited: dict[int, datetime] = field(default_factory=dict)
    pods: dict[int, Ref] = field(default_factory=dict)
    failures: dict[int, int] = field(default_factory=dict)
    later: dict[int, datetime] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    verdict: tuple[str, str, datetime] | None = None

    @classmethod
    def of(cls, job: Manifest) -> "JobRun":
        """Return what the status of a Job tells, of which this controller has not heard before."""
        status = job.get("status", {})
        if job["spec"].get("completionMode") != "Indexed":
            return cls(done=set(range(status.get("succeeded", 0))))
        done, failed = (parse_ranges(status.get(key)) for key in ("completedIndexes", "failedIndexes"))
        return cls(done={*chain.from_iterable(done)}, failed={*chain.from_iterable(failed)})

    def end_of(self, index: int, now: datetime) -> datetime:
        """Return when the container of a running index ends; or when to look again at what it waits for."""
        started, attempt = self.running[index]
        begun = started + timedelta(seconds=START_SECONDS)
        if attempt.awaits is not None and index not in self.waited:
            if begun > now or not attempt.awaits():
                return max(begun, now) + timedelta(seconds=LOOK_SECONDS)
            self.waited[index] = now
        return self.waited.get(index, begun) + timedelta(seconds=attempt.seconds)

    def forget(self, index: int) -> None:
        """Forget a container that has run."""
        del self.running[index]
        self.ended.discard(index)
        self.waited.pop(index, None)

    def begin_waiting(self, work: Work, now: datetime) -> None:
        """Start the pods that have waited, once what they waited for is there."""
        if not work.waiting:
            self.running = {index: (min(started, now), attempt) for index, (started, attempt) in self.running.items()}
