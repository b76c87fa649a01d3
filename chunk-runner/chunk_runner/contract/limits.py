"""Limits of what travels between a pod and a status, and the one way to cut text to them."""

REPORT_LIMIT = 4096
"""Bytes of a termination message that Kubernetes keeps."""

FAILED_CHUNKS_LIMIT = 20
"""Failed chunks named one by one in a report and in a status; ranges and counts cover the rest."""

CHUNKS_LIMIT = 100_000
"""Chunks of a job: Kubernetes allows no more indexes with retries per index."""

TODO_LIMIT = 3000
"""Characters of the ranges of chunks that a report of prepare names."""

RANGES_LIMIT = 1000
"""Characters of page ranges in a report and in a status; the output has them all."""

REASON_LIMIT = 60
"""Characters of a reason."""

WARNINGS_LIMIT = 5
"""What prepare found odd about a source, named one by one in a report and in a status."""

MESSAGE_LIMIT = 300
"""Characters of a message that comes from a file or a library."""

GRACE_SECONDS = 45
"""For an answer of a model that is on its way when a process is told to stop: it is paid for."""


def shorten(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Make text from outside fit for a status or a log line: one printable line of at most `limit` characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= limit else line[: max(limit - 1, 0)] + "…"
