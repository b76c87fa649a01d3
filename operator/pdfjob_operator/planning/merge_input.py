"""The input of the merge from the stages before it, and its form as an annotation of the merge Job.

The Jobs of these stages may be deleted while merge runs, by a clean-up job or by their time to live. So the merge Job
records everything that decides how the PdfJob ends. Pure, and total: whoever may edit a Job may write anything into it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from chunk_runner.contract.limits import CHUNKS_LIMIT, shorten
from chunk_runner.contract.number_set import NumberSet
from chunk_runner.contract.ranges import parse_ranges
from chunk_runner.contract.reasons import reason_or_unexpected
from chunk_runner.contract.report import Failure
from chunk_runner.contract.stats import count
from pdfjob_operator.planning.progress import Progress


@dataclass(frozen=True)
class MergeInput:
    """Input of the merge from the stages before it.

    Attributes:
        progress: Progress of the chunks.
        unfinished_reason: Reason to record for chunks that left neither a result nor a reason; `None` for none.
        unfinished_message: Sentence to record with it, from one of their pods; empty for none.
        completed: Chunks that have a result, as a `NumberSet`; empty if the source may not even be split.
        out_of_memory_chunks: Chunks that ran out of memory, as ranges.
        prior_failure: Failure before the merge, such as a timeout, with which the PdfJob ends; `None` for none.
        retry_failure: Failure of prepare in a retry, which so cannot begin; `None` if prepare succeeded.
    """

    progress: Progress = field(default_factory=Progress)
    unfinished_reason: str | None = None
    unfinished_message: str = ""
    completed: str = ""
    out_of_memory_chunks: str = ""
    prior_failure: Failure | None = None
    retry_failure: Failure | None = None

    def dumps(self) -> str:
        """Return the input as JSON, without what the status of the PdfJob keeps."""
        raw = {
            "pages": self.progress.pages,
            "total": self.progress.total,
            "succeeded": self.progress.succeeded,
            "failed": self.progress.failed,
            "unfinishedReason": self.unfinished_reason,
            "unfinishedMessage": self.unfinished_message,
            "completed": self.completed,
            "outOfMemory": self.out_of_memory_chunks,
            "priorFailure": self.prior_failure and asdict(self.prior_failure),
            "retryFailure": self.retry_failure and asdict(self.retry_failure),
        }
        return json.dumps({key: value for key, value in raw.items() if value}, ensure_ascii=False)

    @classmethod
    def loads(cls, text: str) -> MergeInput:
        """Return the input on a merge Job; an empty one if `dumps` did not write it."""
        try:
            raw = json.loads(text)
            reason = raw.get("unfinishedReason")
            return cls(
                progress=Progress(
                    pages=None if "pages" not in raw else count(raw["pages"]),
                    total=None if "total" not in raw else count(raw["total"], CHUNKS_LIMIT),
                    succeeded=count(raw.get("succeeded", 0), CHUNKS_LIMIT),
                    failed=count(raw.get("failed", 0), CHUNKS_LIMIT),
                ),
                unfinished_reason=None if reason is None else reason_or_unexpected(reason),
                unfinished_message=shorten(raw.get("unfinishedMessage", "")),
                completed=_number_set(raw.get("completed", "")),
                out_of_memory_chunks=_chunks(raw.get("outOfMemory", "")),
                prior_failure=_failure(raw.get("priorFailure")),
                retry_failure=_failure(raw.get("retryFailure")),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return cls()


def _failure(raw: dict[str, str] | None) -> Failure | None:
    return None if raw is None else Failure(reason_or_unexpected(raw["reason"]), shorten(raw["message"]))


def _number_set(text: str) -> str:
    """Return a set of numbers as it is, if that is what it is."""
    if text:
        NumberSet.loads(text)
    return text


def _chunks(text: str) -> str:
    """Return ranges of chunks as they are, if that is what they are."""
    ranges = parse_ranges(text)
    if ranges and ranges[-1].stop > CHUNKS_LIMIT:
        raise ValueError("not chunks of a job")
    return text
