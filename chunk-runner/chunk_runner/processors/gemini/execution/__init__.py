"""The execution of requests.

- `executor`: repeats a request until there is a valid answer, and pays for it once.
- `repetition`: whether a request is repeated, and what a fault may cost.
- `service_state`: whether the service answers.
"""
