"""The operator's configuration, read once at start."""
