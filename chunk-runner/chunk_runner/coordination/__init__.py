"""The coordination of all pods that use one API key, through a Redis that may be absent.

Without Redis, or while it is down, each process follows the same rules alone: that costs speed or money, never a
result. The package knows Redis and nothing of Gemini. An API key never goes to Redis, only its fingerprint; answers do,
so anyone who can read this Redis can read them.

- `coordinator`: the parts together, and their form for a process without Redis.
- `rate_limiter`: one budget of requests and tokens, for one process.
- `redis_coordinator`: the parts in Redis: answers, claims and progress.
- `redis_rate_limiter`: the budget in Redis.
- `redis_connection`: a Redis that may fail at any time.
- `backoff`: random waits.
"""
