"""The cluster: up, down, images loaded, single components stopped and started.

Knows the order of things. What the components are is for `components`, what they run in for `isolation`.
"""

import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.builds import cache, images
from tools.builds.binaries import kube
from tools.builds.packages import cni_folder, install, require_suitable_machine
from tools.builds.shell import SetupError, run, say, tail, wait_until
from tools.testcluster import isolation, pki, settings, volumes
from tools.testcluster.api import Api
from tools.testcluster.components import (
    COMPONENTS,
    CONTROL_PLANE,
    PORTS,
    REST,
    command,
    first_objects,
)
from tools.testcluster.layout import NODE, Cluster, name_of


VOLUMES = 200
"""Number of volumes of a new cluster, more than one run of the tests needs; `volumes.add` adds more."""

PATIENCE_SECONDS = 120
"""Timeout of each step of the start, in seconds, on a busy machine."""


def up(folder: Path) -> Cluster:
    """Start a cluster under a folder, and return it when a pod could run; leave one that is running as it is."""
    require_suitable_machine()
    folder = folder.resolve()
    with cache.lock(name_of(folder)):
        if is_running(folder):
            say(f"the cluster under {folder} is already running")
            return require_running(folder)
        install()
        binaries, pause = kube(), images.pause()
        _remove(folder)
        try:
            with cache.lock("network"):
                cluster = _lay_out(folder, binaries)
                isolation.create(cluster)
            _start(cluster, pause)
        except BaseException:  # also after an interruption, nothing keeps running
            # what is left running would keep its memory and its network, and the logs tell all there is to know
            _remove(folder, keep_log=True)
            raise
    return cluster


def down(folder: Path) -> None:
    """Stop a cluster and remove everything except its logs."""
    folder = folder.resolve()
    with cache.lock(name_of(folder)):
        _remove(folder, keep_log=True)


def load(folder: Path, archive: Path) -> None:
    """Load the image of an archive into the cluster, unless the cluster has the same image already."""
    cluster = require_running(folder)
    loaded = _ctr(cluster, "images", "list", what="listing the cluster's images")
    name, digest = images.name_and_digest(archive)
    if any(line.split()[:1] == [name] and digest in line for line in loaded.splitlines()):
        return
    _ctr(cluster, "images", "import", str(archive.resolve()), what=f"loading {archive}")


def stop(folder: Path, component: str, with_signal: signal.Signals = signal.SIGKILL) -> None:
    """Stop a component, by default with SIGKILL."""
    isolation.kill(require_running(folder), _known(component), with_signal)


def start(folder: Path, component: str) -> None:
    """Start a component that is not running, and return when it is ready."""
    cluster = require_running(folder)
    if isolation.pid(cluster, _known(component)):
        return
    isolation.spawn(cluster, component, command(cluster, component))
    _wait(cluster, lambda: _works(cluster, component), f"{component} did not become ready", of=[component])


def restart(folder: Path, component: str, with_signal: signal.Signals = signal.SIGKILL) -> None:
    """Stop a component and start it again."""
    stop(folder, component, with_signal)
    start(folder, component)


def pids(folder: Path) -> dict[str, int | None]:
    """Return each component's process number, as this machine counts; None for one that does not run."""
    cluster = Cluster.at(folder.resolve())
    return {component: isolation.pid(cluster, component) if cluster else None for component in COMPONENTS}


def is_running(folder: Path) -> bool:
    """Return whether a cluster runs under a folder."""
    cluster = Cluster.at(folder.resolve())
    return cluster is not None and isolation.init_pid(cluster) is not None


def require_running(folder: Path) -> Cluster:
    """Return the cluster that runs under a folder.

    Raises:
        SetupError: No cluster runs there.
    """
    cluster = Cluster.at(folder.resolve())
    if cluster is None or not is_running(folder):
        raise SetupError(f"no cluster is running under {folder}: start it with `python -m tools.testcluster up`")
    return cluster


def _lay_out(folder: Path, binaries: Path) -> Cluster:
    cluster = Cluster(folder, isolation.free_network(), binaries, cni_folder())
    for path in (cluster.log, cluster.pids, cluster.state):
        path.mkdir(parents=True)
    cluster.save()
    pki.write(cluster)
    settings.write(cluster)
    return cluster


def _start(cluster: Cluster, pause: Path) -> None:
    for component in CONTROL_PLANE:
        isolation.spawn(cluster, component, command(cluster, component))
    _wait(cluster, lambda: _works(cluster, "containerd"), "containerd did not answer")
    load(cluster.folder, pause)
    _wait(cluster, Api(cluster).ready, "the API server did not become ready")
    for component in REST:
        isolation.spawn(cluster, component, command(cluster, component))
    api = Api(cluster)
    for thing in first_objects():
        api.create(f"/apis/{thing['apiVersion']}/{thing['kind'].lower()}s", thing)
    volumes.create_storage_class(cluster)
    volumes.add(cluster, VOLUMES)
    _wait(cluster, lambda: _takes_pods(api), "the node did not become Ready")


def _takes_pods(api: Api) -> bool:
    """Return whether a pod that is created now would run."""
    node = api.get(f"/api/v1/nodes/{NODE}")
    if not node or node["spec"].get("taints"):
        return False
    conditions = {condition["type"]: condition["status"] for condition in node["status"]["conditions"]}
    # a pod is refused until its namespace has its service account
    return (
        conditions.get("Ready") == "True" and api.get("/api/v1/namespaces/default/serviceaccounts/default") is not None
    )


def _works(cluster: Cluster, component: str) -> bool:
    """Return whether a component is ready; most are when they listen."""
    if component == "kube-apiserver":
        return Api(cluster).ready()
    if component in PORTS:
        return isolation.listens(cluster, PORTS[component])
    try:
        _ctr(cluster, "version", what="asking containerd for its version")
    except SetupError:
        return False
    return True


def _wait(cluster: Cluster, condition: Callable[[], bool], what: str, *, of: Sequence[str] = COMPONENTS) -> None:
    """Wait for a condition, unless one of the components it depends on dies."""

    def condition_or_failure() -> bool:
        _require_alive(cluster, of)
        return condition()

    wait_until(condition_or_failure, what=what, seconds=PATIENCE_SECONDS, see=cluster.log)


def _require_alive(cluster: Cluster, components: Sequence[str]) -> None:
    for component in components:
        if isolation.was_spawned(cluster, component) and not isolation.pid(cluster, component):
            log = cluster.log / f"{component}.log"
            raise SetupError(f"{component} died; the end of {log} says:\n{tail(log)}")


def _ctr(cluster: Cluster, *arguments: str, what: str) -> str:
    client = ["ctr", f"--address={settings.CONTAINERD_SOCKET}", "--namespace=k8s.io", *arguments]
    return run(isolation.inside(cluster, client), what, env=isolation.ENVIRONMENT)


def _known(component: str) -> str:
    if component not in COMPONENTS:
        raise SetupError(f"unknown component {component}: expected one of {', '.join(COMPONENTS)}")
    return component


def _remove(folder: Path, *, keep_log: bool = False) -> None:
    """Kill what runs under a folder and remove what it wrote; cluster.json stays and marks the folder as ours."""
    cluster = Cluster.at(folder)
    if cluster:
        isolation.destroy(cluster)
        for path in (cluster.pids, cluster.pki, cluster.settings, cluster.state, cluster.volumes):
            cache.remove(path)
        if not keep_log:
            cache.remove(cluster.log)
    elif folder.exists() and any(folder.iterdir()):
        raise SetupError(f"{folder} exists and is not a test cluster: choose another folder")
