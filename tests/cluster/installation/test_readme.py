"""The first lines of the README, on a cluster whose default class is as kind's, where the operator is installed."""

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cluster.provisioner import CLASS, late_binding
from tools.kubectl.client import Kubectl
from tools.kubectl.installation import PROJECT, Installation
from tools.testcluster.layout import Cluster


@pytest.fixture
def folder(cluster: Installation, kubectl: Kubectl, tmp_path: Path) -> Path:
    """A folder with the samples, whose pod has the image of this cluster, and with a kubeconfig of the namespace."""
    shutil.copytree(PROJECT / "samples", tmp_path / "samples")
    pod = tmp_path / "samples" / "volume-pod.yaml"
    pod.write_text(re.sub(r"image: \S+", f"image: {cluster.runner_image}", pod.read_text()))
    shutil.copy(cluster.kubeconfig, tmp_path / "kubeconfig")
    user = Kubectl(cluster.kubectl, tmp_path / "kubeconfig", kubectl.namespace)
    user.run("config", "set-context", "--current", f"--namespace={kubectl.namespace}")
    return tmp_path


@pytest.mark.exhaustive
def test_the_lines_of_the_readme_print_what_it_shows(
    cluster: Installation, kubectl: Kubectl, box: Cluster, folder: Path
) -> None:
    text = (PROJECT / "README.md").read_text()
    commands, shown = re.findall(r"```(?:sh|json)\n(.*?)```", text, re.DOTALL)[:2]
    lines = [line for line in commands.splitlines() if line.startswith("kubectl")]
    environment = {
        **os.environ,
        "PATH": f"{cluster.kubectl.parent}:{os.environ['PATH']}",
        "KUBECONFIG": str(folder / "kubeconfig"),
    }

    with late_binding(kubectl, box.volumes):
        kubectl.run("annotate", "storageclass", CLASS, "storageclass.kubernetes.io/is-default-class=true")
        run = functools.partial(subprocess.check_output, cwd=folder, env=environment, text=True)
        printed = [run(["bash", "-c", line]) for line in lines]

    assert len(printed) == 3
    assert printed[-1] == shown
