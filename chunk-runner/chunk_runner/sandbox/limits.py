"""The resources that a child may use, and how they are set for this process."""

from __future__ import annotations

import math
import resource
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

from chunk_runner import pod_environment


_PARENT_MEMORY = 160 * 2**20
"""Bytes of a pod's memory that are reserved for the parent."""

_DEFAULT_MEMORY = 2**30
_MINIMUM_MEMORY = 128 * 2**20


@dataclass(frozen=True)
class ResourceLimits:
    """The resources that a child may use.

    Attributes:
        memory_bytes: Writable memory besides the stack (RLIMIT_DATA, which Linux enforces and macOS does not).
        cpu_seconds: Processor time for each step.
        file_bytes: The size of a file that the child writes.
    """

    memory_bytes: int
    cpu_seconds: float
    file_bytes: int

    @classmethod
    def for_child(cls, *, cpu_seconds: float, file_bytes: int = 0) -> ResourceLimits:
        """Return limits that leave room for the parent in its pod; 1 GiB of memory where no pod sets a limit.

        Raises:
            UsageError: The environment holds an invalid memory limit.
        """
        pod = pod_environment.memory_limit()
        memory = _DEFAULT_MEMORY if pod is None else max(pod - _PARENT_MEMORY, _MINIMUM_MEMORY)
        return cls(memory, cpu_seconds, file_bytes)

    def apply(self) -> None:
        """Limit the memory and the files of this process."""
        _set_soft_limit(resource.RLIMIT_CORE, 0)
        _set_soft_limit(resource.RLIMIT_DATA, self.memory_bytes)
        _set_soft_limit(resource.RLIMIT_FSIZE, self.file_bytes)

    def begin_step(self) -> None:
        """Give this process the processor time for another step."""
        _set_soft_limit(resource.RLIMIT_CPU, math.ceil(time.process_time() + self.cpu_seconds))


def max_rss_bytes(usage: resource.struct_rusage) -> int:
    """Return the highest resident memory in bytes: the kernel counts KiB on Linux, bytes on macOS."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _set_soft_limit(kind: int, value: int) -> None:
    """Set a soft limit and keep the hard one, so that the limit can be raised again for the next step."""
    _, hard = resource.getrlimit(kind)
    with suppress(ValueError, OSError):  # macOS refuses some
        resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
