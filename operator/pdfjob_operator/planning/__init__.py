"""Planning: pure decisions. `planner.plan` takes an `Observation` and returns a `Decision`."""
