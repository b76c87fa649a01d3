"""What the requests of a chunk have shown about the service: whether it answers, and for how long it has not. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from chunk_runner.processors.gemini.api.messages import ResponseKind


OUTAGE_SECONDS = 1800
"""After this time without any response of use, the attempt is given up."""

_RATE_LIMIT_SECONDS = 900
"""After this time with nothing but limits that the service does not name, the quota is exhausted: the window of the
longest rate limit, which is on spending, is ten minutes (ai.google.dev/gemini-api/docs/rate-limits)."""

_SILENT = frozenset({ResponseKind.BUSY, ResponseKind.LIMITED, ResponseKind.FAULT, ResponseKind.TIMEOUT})
"""The kinds of responses that show nothing but that the service does not work now."""

_ERRORS = frozenset({ResponseKind.QUOTA, ResponseKind.CONFIGURATION, ResponseKind.SETTINGS, ResponseKind.REJECTED})


@dataclass
class ServiceState:
    """The state of the service, as far as one attempt at a chunk knows it.

    Attributes:
        responses: The number of responses that were not silent.
        failures: The number of silent responses since the last other one.
        silence: The seconds since the last other response, without waiting for the rate limit.
        waited: The seconds of all such silences.
    """

    responses: int = 0
    failures: int = 0
    silence: float = 0
    waited: float = 0
    _has_answered: bool = False

    def judge(self, kind: ResponseKind) -> ResponseKind:
        """Count a response, and return its kind: settings that were accepted before cannot be what is rejected now."""
        if kind in _SILENT:
            self.failures += 1
            return kind
        self.responses += 1
        self.failures, self.silence = 0, 0
        self._has_answered = self._has_answered or kind not in _ERRORS
        return ResponseKind.REJECTED if kind is ResponseKind.SETTINGS and self._has_answered else kind

    def count_silence(self, seconds: float) -> None:
        """Count the time that the last request took, with the wait after it."""
        if self.failures:
            self.silence += seconds
            self.waited += seconds

    @property
    def is_out(self) -> bool:
        """True if the service has not answered for a long time."""
        return self.silence > OUTAGE_SECONDS

    @property
    def is_quota_exhausted(self) -> bool:
        """True if a limit has been reached for longer than any rate limit lasts."""
        return self.silence > _RATE_LIMIT_SECONDS
