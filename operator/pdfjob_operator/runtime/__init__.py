"""The running process: work queue, back-off, leader election, health and watch liveness."""
