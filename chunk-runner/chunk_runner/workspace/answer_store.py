"""The answers bought from a model, kept in the workspace: no later attempt buys one again, and none goes uncounted.

The cost of each answer, useful or not, is recorded among the attempts of its chunk as soon as it arrives. Useful
answers are kept until the job is merged. A record tells that an answer is kept, so that an attempt on a node that does
not see its file yet looks for it instead of buying it again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from chunk_runner.contract.stats import Tokens, count
from chunk_runner.workspace.file_names import answer_file
from chunk_runner.workspace.files import CorruptFileError, Workspace


log = logging.getLogger(__name__)

_REQUEST = "request"
_KEPT = "kept"
_REJECTED = "rejected"

_ROOM_BYTES = 2**18
"""Room that must be free before an answer is bought; most answers are smaller."""


@dataclass(frozen=True)
class WorkspaceAnswerStore:
    """The answers bought for one chunk; implements `processors.base.AnswerStore`."""

    workspace: Workspace
    index: int

    def record_usage(self, tokens: Tokens, outcome: str) -> None:
        """Count the tokens of an answer."""
        self.workspace.append_attempt(self.index, {"event": _REQUEST, "outcome": outcome, "tokens": asdict(tokens)})

    def record_rejected(self, answers: int) -> None:
        """See `processors.base.AnswerStore`."""
        self.workspace.append_attempt(self.index, {"event": _REJECTED, "answers": answers})

    def get(self, key: str) -> str | None:
        """An answer that an earlier attempt bought."""

        def look() -> str | None:
            try:
                content, _ = self.workspace.read_document(answer_file(key))
            except FileNotFoundError:
                if self._is_kept(key):
                    raise
                return None
            answer = content.get("answer")
            if not isinstance(answer, str):
                raise CorruptFileError(f"{answer_file(key)} is not an answer")
            return answer

        try:
            return self.workspace.expect(look)
        except (FileNotFoundError, CorruptFileError) as error:
            log.warning("an answer that was bought is lost: %s", error)
            return None

    def put(self, key: str, answer: str) -> None:
        """Keep an answer."""
        self.workspace.write_document(answer_file(key), {"answer": answer})
        if not self._is_kept(key):
            self.workspace.append_attempt(self.index, {"event": _KEPT, "key": key})

    def require_room(self) -> None:
        """Check that the next answer can be kept: it is paid for when it arrives.

        Raises:
            UnwritableError: The volume is full, read-only or not writable for this user.
        """
        name = answer_file(f"room-{self.workspace.attempt}")
        with self.workspace.replacing(name) as file:
            file.write(bytes(_ROOM_BYTES))
        self.workspace.remove(name)

    def _is_kept(self, key: str) -> bool:
        records = self.workspace.attempts(self.index)
        return any(record.get("event") == _KEPT and record.get("key") == key for record in records)


def is_about_attempt(record: Mapping[str, Any]) -> bool:
    """Return true if this record is about an attempt itself, and not about a request or an answer."""
    return record.get("event") not in (_REQUEST, _KEPT, _REJECTED)


def is_request(attempt: Mapping[str, Any]) -> bool:
    """Return true if this record is about a request to a model."""
    return attempt.get("event") == _REQUEST


def rejected_answers(attempts: Iterable[Mapping[str, Any]]) -> int:
    """Return how many answers of others were rejected in some attempts; malformed records count nothing."""
    total = 0
    for attempt in attempts:
        if attempt.get("event") == _REJECTED:
            with suppress(ValueError):
                total += count(attempt.get("answers"))
    return total


def tokens_of(attempts: Iterable[Mapping[str, Any]]) -> Tokens:
    """Return the total cost of some attempts; malformed records count nothing."""
    total = Tokens()
    for attempt in attempts:
        with suppress(ValueError, TypeError, KeyError):
            total += Tokens.load(attempt["tokens"])
    return total
