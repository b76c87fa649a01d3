"""`pdfjob run`: the options (`command`), the job they describe (`job`), and its run in a pool of processes."""
