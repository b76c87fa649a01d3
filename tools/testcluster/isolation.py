"""The isolated environment of a cluster: its own network, process and mount namespaces, and control groups.

Knows namespaces, the network link and process numbers. Must not know what runs in the box. Everything
in it descends, for the kernel, from one process that sleeps: when that is killed, all the others are, and namespaces,
mounts and the network link go with them.
"""

import ipaddress
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from tools.builds.packages import SYSTEM_PATH
from tools.builds.shell import SetupError, run, tail, wait_until
from tools.testcluster import cgroups
from tools.testcluster.layout import NODE, SERVICE_NETWORK, Cluster


PROC = Path("/proc")

PRIVATE_FOLDERS = (
    "/run/containerd",
    "/run/netns",
    "/var/lib/cni",
    "/var/lib/containerd",
    "/var/lib/kubelet",
    "/var/log/containers",
)
"""Default paths of the components; in the cluster's namespace, each is mounted from its own folder."""

# Names of hosts and proxies that this machine's programs need would only mislead the cluster's. The components are
# programs in Go with small heaps: collecting garbage less often costs them memory, of which there is enough.
ENVIRONMENT = {"PATH": SYSTEM_PATH, "HOME": "/", "LANG": "C.UTF-8", "GOGC": "400"}


def create(cluster: Cluster) -> None:
    """Make the namespaces, the mounts, the control groups and the network link."""
    log = cluster.log / "namespaces.log"
    # As the first process, sleep would leave the orphans it inherits as zombies; ignoring SIGCHLD, which an exec
    # keeps, has the kernel collect them.
    sleep = ["env", "--ignore-signal=CHLD", f"PDFJOB_CLUSTER={cluster.folder}", "sleep", "infinity"]
    kinds = ["--mount", "--pid", "--net", "--ipc", "--uts"]
    outer = _start(["unshare", *kinds, "--fork", "--kill-child", "--mount-proc", *sleep], log)

    def sleeper() -> int | None:
        child = _child_of(outer, log)
        return child if child and _name_of(child) == "sleep" else None

    init = wait_until(sleeper, what="the namespaces were not ready", seconds=10, see=log)
    _pid_file(cluster, "init").write_text(str(init))
    _mount_private_folders(cluster)
    cgroups.create(cluster)
    _connect(cluster, init)


def destroy(cluster: Cluster) -> None:
    """Kill all processes of the cluster, and remove what the kernel does not remove itself."""
    if init := init_pid(cluster):
        os.kill(init, signal.SIGKILL)
        # the first process of a namespace ends only after all the others have
        wait_until(lambda: not _alive(init), what="the cluster's processes did not end", seconds=30, see=cluster.log)
    cgroups.remove(cluster)


def inside(cluster: Cluster, argv: Sequence[str]) -> list[str]:
    """Return the command that runs argv in the cluster's namespaces."""
    return ["nsenter", f"--target={_require_init(cluster)}", "--mount", "--pid", "--net", "--ipc", "--uts", *argv]


def spawn(cluster: Cluster, name: str, argv: Sequence[str]) -> None:
    """Start a program in the cluster's namespaces under a name; its output goes to log/NAME.log."""
    log = cluster.log / f"{name}.log"
    entering = _start(inside(cluster, argv), log)
    child = wait_until(lambda: _child_of(entering, log), what=f"{name} did not start", seconds=10, see=log, every=0.01)
    _pid_file(cluster, name).write_text(str(child))


def pid(cluster: Cluster, name: str) -> int | None:
    """Return the process id of the program spawned under a name, or None if it does not run."""
    try:
        number = int(_pid_file(cluster, name).read_text())
    except FileNotFoundError:
        return None
    init = init_pid(cluster)
    # The id may have been reused by another process: ours is in our namespace.
    return number if init and _alive(number) and _pid_namespace(number) == _pid_namespace(init) else None


def was_spawned(cluster: Cluster, name: str) -> bool:
    """Return whether a program was spawned under a name and has not been stopped on purpose."""
    return _pid_file(cluster, name).exists()


def init_pid(cluster: Cluster) -> int | None:
    """Return the process id of the cluster's first process, or None if it does not run."""
    try:
        number = int(_pid_file(cluster, "init").read_text())
        environment = (PROC / str(number) / "environ").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return number if f"PDFJOB_CLUSTER={cluster.folder}".encode() in environment and _alive(number) else None


def kill(cluster: Cluster, name: str, with_signal: signal.Signals) -> None:
    """Send a signal to the program spawned under a name, and wait for its end."""
    if number := pid(cluster, name):
        os.kill(number, with_signal)
        log = cluster.log / f"{name}.log"
        wait_until(lambda: not _alive(number), what=f"{name} did not end", seconds=90, see=log, every=0.02)
    _pid_file(cluster, name).unlink(missing_ok=True)  # removed on purpose: the program has not crashed


def listens(cluster: Cluster, port: int) -> bool:
    """Return whether a process of the cluster listens on a TCP port."""
    # the kernel's tables: the local address and port in the second column, 0A for listening in the fourth
    tables = [PROC / str(_require_init(cluster)) / "net" / name for name in ("tcp", "tcp6")]
    sockets = [line.split() for table in tables for line in _lines(table)[1:]]
    return any(socket[1].endswith(f":{port:04X}") and socket[3] == "0A" for socket in sockets)


def free_network() -> str:
    """Return three octets that no network of this machine uses."""
    routes = json.loads(run(["ip", "-json", "-4", "route", "show", "table", "all"], "listing the routes"))
    used = [ipaddress.ip_network(route["dst"]) for route in routes if route["dst"] != "default"]
    for third in range(256):
        candidate = f"10.77.{third}"
        if not any(ipaddress.ip_network(f"{candidate}.0/24").overlaps(network) for network in used):
            return candidate
    raise SetupError("no network 10.77.x.0/24 is free on this machine: take some test clusters down")


def _start(argv: Sequence[str], log: Path) -> int:
    """Start a program that outlives this one, and return its process id."""
    # through a shell, because a child of our own would have to be waited for by us
    script = 'log=$1; shift; setsid "$@" >>"$log" 2>&1 </dev/null & echo $!'
    return int(run(["sh", "-c", script, "sh", str(log), *argv], f"starting {argv[0]}", env=ENVIRONMENT))


def _child_of(parent: int, log: Path) -> int | None:
    """Return the only child of unshare or nsenter, as soon as there is one."""
    try:
        children = (PROC / str(parent) / "task" / str(parent) / "children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        raise SetupError(f"a program exited immediately after its start; see {log}\n{tail(log)}") from None
    return int(children[0]) if children else None


def _mount_private_folders(cluster: Cluster) -> None:
    commands = [f"hostname {NODE}", "echo 1 > /proc/sys/net/ipv4/ip_forward"]
    for folder in PRIVATE_FOLDERS:
        own = cluster.state / folder.removeprefix("/").replace("/", "-")
        own.mkdir(parents=True)
        Path(folder).mkdir(parents=True, exist_ok=True)
        commands.append(f"mount --bind '{own}' {folder}")
    run(inside(cluster, ["sh", "-ec", "\n".join(commands)]), "mounting the cluster's folders", env=ENVIRONMENT)


def _connect(cluster: Cluster, init: int) -> None:
    """Connect the node to this machine only: it has no route to any other network."""
    here = f"""\
link add {cluster.name} type veth peer name eth0 netns {init}
address add {cluster.host_address}/24 dev {cluster.name}
link set {cluster.name} up
"""
    # the last line: a packet to a Service needs some route before its address is translated
    there = f"""\
link set lo up
address add {cluster.node_address}/24 dev eth0
link set eth0 up
route add {SERVICE_NETWORK} dev eth0
"""
    run(["ip", "-batch", "-"], "making the network link", stdin=here, env=ENVIRONMENT)
    run(inside(cluster, ["ip", "-batch", "-"]), "setting up the node's network", stdin=there, env=ENVIRONMENT)


def _pid_file(cluster: Cluster, name: str) -> Path:
    return cluster.pids / name


def _require_init(cluster: Cluster) -> int:
    if init := init_pid(cluster):
        return init
    raise SetupError(f"no cluster is running under {cluster.folder}: start it with `python -m tools.testcluster up`")


def _alive(number: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        return (PROC / str(number) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _name_of(number: int) -> str:
    return "".join(_lines(PROC / str(number) / "comm"))


def _pid_namespace(number: int) -> str | None:
    try:
        return str((PROC / str(number) / "ns" / "pid").readlink())
    except FileNotFoundError:
        return None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return []
