"""A package, so that its fixtures end with its tests: an idle control plane costs processor time, too."""
