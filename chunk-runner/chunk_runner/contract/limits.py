"""Limits of what travels between a pod and a status, and the one function that cuts text to them."""

REPORT_LIMIT = 4096
"""Maximum size of a termination message, in bytes; Kubernetes cuts longer ones."""

FAILED_CHUNKS_LIMIT = 20
"""Maximum number of failed chunks listed one by one in a report and in a status; ranges and counts cover the rest."""

CHUNKS_LIMIT = 100_000
"""Maximum number of chunks of a job: Kubernetes allows no more indexes with `backoffLimitPerIndex`."""

PAGES_LIMIT = 10_000_000
"""Maximum number of pages of a source: a PDF has at most 8,388,607 objects (ISO 32000-1, annex C)."""

TODO_LIMIT = 3000
"""Maximum length of the chunk ranges in a prepare report, in characters."""

RANGES_LIMIT = 1000
"""Maximum length of page ranges in a report and in a status, in characters; the output has them all."""

REASON_LIMIT = 60
"""Maximum length of a reason, in characters."""

WARNINGS_LIMIT = 5
"""Maximum number of anomalies of a source that are listed in a report and in a status."""

MESSAGE_LIMIT = 300
"""Maximum length of a message that comes from a file or a library, in characters."""

GRACE_SECONDS = 45
"""Time that a process which is told to stop waits for a model's answer, because it is already paid for."""


def shorten(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Return text from outside as one printable line of at most `limit` characters, for a status or a log."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= limit else line[: max(limit - 1, 0)] + "…"
