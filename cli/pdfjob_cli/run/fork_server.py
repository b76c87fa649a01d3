"""Prepares the server that forks the workers; only that server imports this module.

The server ends when the run ends, even if the run is killed: it would live as long as it has workers, and they end with
it. It receives no signal that stops a run, but each worker receives SIGTERM from its first moment on.
"""

from __future__ import annotations

import os
import signal

from chunk_runner.sandbox.child import die_with_parent


die_with_parent(os.getppid())
os.register_at_fork(after_in_child=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM}))
