"""Gates: a pod that reads a certain file waits there, for as long as a test wants. Nothing is slow, nothing is guessed.

A gate is a named pipe in place of the file: whoever opens it waits for somebody who writes. The pods and the shell that
works the gate must be on one node, as they are in the project's test cluster.
"""

from collections.abc import Callable
from itertools import count


ASIDE = "aside"
"""The folder for files that a gate stands in for: on the same volume, so that a file moves in one step."""

_numbers = count()


class Gate:
    """A gate in place of a file; shut from the beginning.

    Args:
        shell: Runs a command in the volume's root, with the rights that pods have.
        file: Which, from the volume's root. It need not be there yet.
    """

    def __init__(self, shell: Callable[[str], str], file: str) -> None:
        self._shell = shell
        self._file = file
        self._name = name = f"{ASIDE}/{next(_numbers)}"
        self._detached = False
        shell(
            f"mkdir -p {ASIDE} $(dirname {file}) && mkfifo -m 660 {name}.gate && ln {name}.gate {name}.place"
            f" && if test -e {file}; then ln {file} {name}.file && cp {file} {name}.copy; else touch {name}.copy; fi"
            f" && mv {name}.place {file}"
        )

    def detach(self) -> None:
        """Put the file back in one step: who waits goes on waiting, and who comes later does not."""
        if not self._detached:
            name = f"{self._name}.file"
            self._shell(f"if test -e {name}; then mv {name} {self._file}; else rm {self._file}; fi")
        self._detached = True

    def open(self) -> None:
        """Put the file back, and let who waits read it as if nothing had been; or an empty one, if there was none."""
        self.detach()
        self._shell(f"timeout 60 sh -c 'cat {self._name}.copy > {self._name}.gate'")
