"""The command line: `python -m tools.testcluster up`; `--help` lists all actions.

Knows arguments and exit codes: 0 success, 1 failure, 2 wrong arguments, 3 unsuitable machine.
"""

import argparse
import os
import sys
from pathlib import Path

from tools.builds import binaries, cache, images
from tools.builds.packages import UnsuitableMachineError, require_suitable_machine
from tools.builds.shell import SetupError, say
from tools.testcluster import node
from tools.testcluster.components import COMPONENTS
from tools.testcluster.layout import Cluster


PROJECT = Path(__file__).parents[2]
TARGETS = {"operator": images.OPERATOR_IMAGE, "chunk-runner": images.CHUNK_RUNNER_IMAGE}


def default_folder() -> Path:
    """Return the default folder of the cluster."""
    chosen = os.environ.get("PDFJOB_CLUSTER_DIR")
    return Path(chosen) if chosen else cache.folder() / "cluster"


def main(argv: list[str] | None = None) -> int:
    """Run an action, and return the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        require_suitable_machine()
        arguments.act(arguments)
    except UnsuitableMachineError as error:
        say(f"testcluster: {error}")
        return 3
    except SetupError as error:
        say(f"testcluster: {error}")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tools.testcluster", description="A one-node Kubernetes for the tests.")
    parser.add_argument(
        "--dir", type=Path, default=None, help="folder of the cluster; defaults to a folder in the cache"
    )
    actions = parser.add_subparsers(title="actions", required=True)

    up = actions.add_parser("up", help="start the cluster; build it first if necessary")
    up.set_defaults(act=_up)
    down = actions.add_parser("down", help="stop the cluster and remove everything except its logs")
    down.set_defaults(act=lambda arguments: node.down(_folder(arguments)))
    status = actions.add_parser("status", help="list the components and whether they run")
    status.set_defaults(act=_status)

    build = actions.add_parser("images", help="build the project's images, and load them if the cluster runs")
    build.add_argument("--context", type=Path, default=PROJECT, help="folder of the Dockerfile")
    build.add_argument("--prune", action="store_true", help="remove cached layers that no image uses")
    build.set_defaults(act=_images)

    for name, act, what in [
        ("stop", node.stop, "kill a component"),
        ("start", node.start, "start a component that is not running"),
        ("restart", node.restart, "kill a component and start it again"),
    ]:
        action = actions.add_parser(name, help=what)
        action.add_argument("component", choices=COMPONENTS)
        action.set_defaults(act=lambda arguments, act=act: act(_folder(arguments), arguments.component))
    return parser


def _folder(arguments: argparse.Namespace) -> Path:
    folder: Path = arguments.dir or default_folder()
    return folder


def _up(arguments: argparse.Namespace) -> None:
    helm = binaries.helm()
    _print_use(node.up(_folder(arguments)), helm)


def _status(arguments: argparse.Namespace) -> None:
    folder = _folder(arguments)
    cluster = node.require_running(folder)
    for component, number in node.pids(folder).items():
        sys.stdout.write(f"{component:24} {number or 'not running: see ' + str(cluster.log / (component + '.log'))}\n")
    _print_use(cluster, binaries.helm())


def _print_use(cluster: Cluster, helm: Path) -> None:
    sys.stdout.write(f"export KUBECONFIG={cluster.kubeconfig}\nexport PATH={cluster.bin}:{helm.parent}:$PATH\n")


def _images(arguments: argparse.Namespace) -> None:
    built = [(target, tag, arguments.context) for target, tag in TARGETS.items()]
    for target, tag, context in [*built, ("redis", images.REDIS_IMAGE, images.REDIS_FOLDER)]:
        archive = images.build(target, tag, context)
        sys.stdout.write(f"{tag}  {images.unpacked_bytes(archive) / 1e6:.0f} MB unpacked  {archive}\n")
        if node.is_running(_folder(arguments)):
            node.load(_folder(arguments), archive)
    if arguments.prune:
        images.prune()


if __name__ == "__main__":
    sys.exit(main())
