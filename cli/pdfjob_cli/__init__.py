"""The command line `pdfjob`. `__main__` has the commands; `run/` processes a PDF on this machine, without a cluster."""
