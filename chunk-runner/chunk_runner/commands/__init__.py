"""The subcommands of `chunk-runner`, one module each: read a pod's environment, run a stage, return a report."""
