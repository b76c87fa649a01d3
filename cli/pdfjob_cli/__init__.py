"""`pdfjob`: the command line. Start at `__main__` (what people type), then `local` (the run without a cluster)."""
