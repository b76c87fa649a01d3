"""File barriers: a process that reads a certain file waits there for as long as a test wants, and the test knows it.

A barrier is a named pipe in place of the file. A keeper holds its other end from the moment at which somebody has
opened it, and writes the file's content once the barrier is opened. Processes and keeper must be on one node, as they
are in the project's test cluster.
"""

from collections.abc import Callable
from itertools import count


ASIDE = "aside"
"""The folder for files that a barrier stands in for: on the same volume, so that a file moves in one step."""

KEEPER_SECONDS = 1200
"""When a keeper gives up that no test has ended."""

_numbers = count()


class FileBarrier:
    """A barrier in place of a file; closed from the beginning, and for one process.

    Args:
        shell: Runs a command in the volume's root, with the rights that pods have.
        file: Which, from the volume's root. It need not be there yet.
    """

    def __init__(self, shell: Callable[[str], str], file: str) -> None:
        self._shell = shell
        self._file = file
        self._name = name = f"{ASIDE}/{next(_numbers)}"
        self._detached = False
        # Opening a pipe for writing takes until somebody has opened it for reading.
        keep = f"exec 3> {name}.pipe; touch {name}.waiting; read _ < {name}.release; cat {name}.copy >&3"
        shell(
            f"mkdir -p {ASIDE} $(dirname {file})"
            f" && mkfifo -m 660 {name}.pipe {name}.release && ln {name}.pipe {name}.place"
            f" && if test -e {file}; then ln {file} {name}.file && cp {file} {name}.copy; else touch {name}.copy; fi"
            f" && {{ timeout {KEEPER_SECONDS} sh -c '{keep}' < /dev/null > /dev/null 2>&1 & }}"
            f" && mv {name}.place {file}"
        )

    def wait(self) -> None:
        """Wait until a process waits here; wait where the files are."""
        self._shell(f"for i in $(seq 1200); do test -e {self._name}.waiting && exit 0; sleep 0.2; done; exit 1")

    def detach(self) -> None:
        """Put the file back in one step: who waits goes on waiting, and who comes later does not."""
        if not self._detached:
            name = f"{self._name}.file"
            self._shell(f"if test -e {name}; then mv {name} {self._file}; else rm {self._file}; fi")
        self._detached = True

    def open(self) -> None:
        """Put the file back, and let who waits read it as if nothing had been; or an empty one, if there was none.

        Waits until a process waits here.
        """
        self.wait()
        self.detach()
        self._shell(f"timeout 60 sh -c 'echo > {self._name}.release'")
