"""The check of answers against a job's own schema: in the sandbox, with a time limit.

The author writes the schema and the model the answer, and a few of their characters can keep a validator busy for hours
(patterns that backtrack, references that branch). A check that takes too long is an answer that does not match.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from jsonschema.exceptions import UnknownType, ValidationError

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.processors.gemini.output_schema import validator
from chunk_runner.sandbox.confinement import Access
from chunk_runner.sandbox.limits import ResourceLimits
from chunk_runner.sandbox.sandbox import Sandbox, SandboxError


_SECONDS = 5
"""Processor time for one answer; usual ones take milliseconds."""


_FAILURES = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, UnknownType)
"""What a validator raises instead of a verdict: for numbers and nesting beyond its limits, and for a part of a schema
that names another draft, whose keywords have other values."""


class _Checks:
    """The child of one schema, kept until another schema is used: a process works at one job."""

    def __init__(self) -> None:
        self._schema: Mapping[str, Any] | None = None
        self._child: Sandbox[Any, str] | None = None

    def child(self, schema: Mapping[str, Any]) -> Sandbox[Any, str]:
        """Return the child that checks against a schema."""
        if self._child is None or self._schema != schema:
            if self._child is not None:
                self._child.close()
            limits = ResourceLimits.for_child(cpu_seconds=_SECONDS)
            self._schema, self._child = schema, Sandbox(partial(check, schema), limits, Access(), str)
        return self._child


_checks = _Checks()


def mismatch(data: Any, schema: Mapping[str, Any]) -> str | None:
    """Return why an answer does not match a job's own schema, as a clause; `None` if it does."""
    try:
        (cause,) = _checks.child(schema).request(data)
    except SandboxError as error:
        if error.reason is Reason.TIME_LIMIT_EXCEEDED:
            return f"checking it against outputSchema takes more than {_SECONDS} s: simplify patterns and references"
        return "checking it against outputSchema takes too much memory: simplify patterns and references"
    return cause or None


def describe(error: ValidationError) -> str:
    """Return where data does not match a schema, as a clause."""
    where = "/".join(map(str, error.absolute_path))
    return f"it does not match the schema: {shorten(where, 40) or 'root'}: {error.validator}"


def check(schema: Mapping[str, Any], data: Any) -> Iterator[str]:
    """In the sandbox: yield why data does not match a schema; empty if it does."""
    try:
        validator(schema).validate(data)
    except ValidationError as error:
        yield describe(error)
    except _FAILURES as error:
        yield shorten(f"it cannot be checked against outputSchema ({error})")
    else:
        yield ""
