"""The Gemini API.

- `messages`: requests and classified responses.
- `credentials`: the API key, the address of the API, the Redis.
- `client`: one request, one classified response; the only module that imports Google's SDK.
- `error_classification`: what an error of the API means.
"""
