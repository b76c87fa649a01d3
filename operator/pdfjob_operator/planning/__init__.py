"""Planning: pure decisions on what to do next. The time and an observation in, a decision out."""
