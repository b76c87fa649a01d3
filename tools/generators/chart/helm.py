"""Print the path of the helm program, which is built the first time: for `make install-yaml`."""

import sys

from tools.builds import binaries
from tools.builds.shell import SetupError


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{binaries.helm()}\n")
    except SetupError as error:
        sys.exit(str(error))
