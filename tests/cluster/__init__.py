"""A package, so that its fixtures end with its tests: an idle cluster costs processor time, too."""
