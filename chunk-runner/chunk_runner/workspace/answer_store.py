"""The answers bought for a chunk, kept in the workspace, so that no attempt buys one again or forgets its price.

Every answer is counted as soon as it is there, among the chunk's attempts, whether it is of use or not. An answer that
is of use is kept until the job is merged.
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

    def spend(self, tokens: Tokens, what: str) -> None:
        """Count the tokens of an answer."""
        self.workspace.append_attempt(self.index, {"event": _REQUEST, "what": what, "tokens": asdict(tokens)})

    def recall(self, key: str) -> str | None:
        """An answer that an earlier attempt bought."""
        try:
            content, _ = self.workspace.read_document(answer_file(key))
        except (FileNotFoundError, CorruptFileError):
            return None
        answer: str = content["answer"]
        return answer

    def keep(self, key: str, answer: str) -> None:
        """Keep an answer."""
        self.workspace.write_document(answer_file(key), {"answer": answer})


def is_request(attempt: Mapping[str, Any]) -> bool:
    """Whether this record tells of a request, and not of how the attempt itself went."""
    return attempt.get("event") == _REQUEST


def tokens_of(attempts: Iterable[Mapping[str, Any]]) -> Tokens:
    """What they cost together; a record that is none is no reason to lose the others."""
    total = Tokens()
    for attempt in attempts:
        with suppress(ValueError, TypeError, KeyError):
            total += Tokens.load(attempt["tokens"])
    return total
