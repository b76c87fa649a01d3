"""The coordination of all pods that use one API key, through a Redis that may be absent.

Without Redis, or while it is down, each process follows the same rules alone: that costs speed or money, never a
result. The package knows Redis and nothing of Gemini. Answers are encrypted with a key derived from the API key, and
names are derived from it, too.

- `coordinator`: the parts together, and their form for a process without Redis.
- `rate_limiter`: one budget of requests and tokens, for one process.
- `redis_coordinator`: the parts in Redis: answers, claims and progress.
- `redis_rate_limiter`: the budget in Redis.
- `sealing`: the names of the keys, and the encryption of the answers.
- `redis_connection`: a Redis that may fail at any time.
- `backoff`: random waits.
"""
