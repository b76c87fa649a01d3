"""What keeps the operator running: work queue, leader election, health."""
