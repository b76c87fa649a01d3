"""The answers bought from a model, kept in the workspace: no later attempt buys one again, and none goes uncounted.

The cost of each answer, useful or not, is recorded among the attempts of its chunk as soon as it arrives. Useful
answers are kept until the job is merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from chunk_runner.contract.stats import Tokens
from chunk_runner.workspace.files import CorruptFileError, Workspace, answer_file


_REQUEST = "request"


@dataclass(frozen=True)
class WorkspaceAnswerStore:
    """The answers bought for one chunk; implements `processors.base.AnswerStore`."""

    workspace: Workspace
    index: int

    def record_usage(self, tokens: Tokens, outcome: str) -> None:
        """Count the tokens of an answer."""
        self.workspace.append_attempt(self.index, {"event": _REQUEST, "outcome": outcome, "tokens": asdict(tokens)})

    def get(self, key: str) -> str | None:
        """An answer that an earlier attempt bought."""
        try:
            content, _ = self.workspace.read_document(answer_file(key))
        except (FileNotFoundError, CorruptFileError):
            return None
        answer: str = content["answer"]
        return answer

    def put(self, key: str, answer: str) -> None:
        """Keep an answer."""
        self.workspace.write_document(answer_file(key), {"answer": answer})


def is_request(attempt: Mapping[str, Any]) -> bool:
    """Return true if this record is about a request to a model, and not about the attempt itself."""
    return attempt.get("event") == _REQUEST


def tokens_of(attempts: Iterable[Mapping[str, Any]]) -> Tokens:
    """Return the total cost of some attempts; malformed records count nothing."""
    total = Tokens()
    for attempt in attempts:
        with suppress(ValueError, TypeError, KeyError):
            total += Tokens.load(attempt["tokens"])
    return total
