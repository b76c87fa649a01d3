"""The files on the volume of a namespace, written and read through a pod."""

from pathlib import Path

from tools.kubectl.client import Kubectl
from tools.kubectl.manifests import LIBRARIAN


class Volume:
    """The claim of a namespace, seen through a pod that mounts it whole."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self.workspaces = f"pdfjobs/{kubectl.namespace}"
        """The folder of this namespace's workspaces."""

    def put(self, source: Path, name: str) -> None:
        """Copy a file onto the volume."""
        self._kubectl.run("cp", str(source), f"{LIBRARIAN}:/volume/{name}")

    def read(self, name: str, to: Path) -> bytes:
        """Copy a file from the volume."""
        self._kubectl.run("cp", f"{LIBRARIAN}:/volume/{name}", str(to))
        return to.read_bytes()

    def shell(self, command: str) -> str:
        """Run a command in the volume's root, with the rights that the jobs' pods have."""
        return self._kubectl.run("exec", LIBRARIAN, "--", "sh", "-c", f"cd /volume && {command}")

    def files(self, folder: str) -> set[str]:
        """Every file below a folder, relative to it; but for the marks of workspaces."""
        listed = self.shell(f"mkdir -p {folder} && cd {folder} && find . -type f ! -name .claim")
        return {line.removeprefix("./") for line in listed.splitlines()}
