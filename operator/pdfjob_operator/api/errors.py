"""Errors of requests to the API server, as callers tell them apart. Knows no HTTP library.

ApiError
├── NotFoundError
├── ConflictError
├── RequestRefusedError
└── NamespaceGoneError
"""

from __future__ import annotations


class ApiError(Exception):
    """A request to the API server failed.

    Attributes:
        status: HTTP status code of the answer; `None` if there was none.
        is_transient: The request may succeed later without anybody changing it: the server is down or overloaded, or
            somebody else has to lift a restriction.
        retry_after: Seconds to wait before the next attempt, as the server asks; 0 if it does not.
    """

    def __init__(
        self, message: str, *, status: int | None = None, is_transient: bool = False, retry_after: float = 0.0
    ) -> None:
        super().__init__(message)
        self.status = status
        self.is_transient = is_transient
        self.retry_after = retry_after


class NotFoundError(ApiError):
    """The object does not exist."""


class ConflictError(ApiError):
    """The object has changed since it was read, or one of this name already exists."""


class RequestRefusedError(ApiError):
    """A quota, an admission policy or a validation rule refuses the object; the message says which.

    Attributes:
        kind: Kind of the object.
    """

    def __init__(self, message: str, *, kind: str = "Job", status: int | None = None) -> None:
        super().__init__(message, status=status, is_transient=True)
        self.kind = kind


class NamespaceGoneError(ApiError):
    """The namespace is deleted or being deleted."""
