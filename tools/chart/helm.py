"""Print the path of the helm program, which is built the first time: for `make install-yaml`."""

import sys

from tools.testcluster import binaries
from tools.testcluster.shell import ClusterError


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{binaries.helm()}\n")
    except ClusterError as error:
        sys.exit(str(error))
