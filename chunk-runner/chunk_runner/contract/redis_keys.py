"""The Redis keys that all pods share, and the operator reads. Every key expires.

A fingerprint identifies an API key without revealing it. Anyone with access to Redis may have written the values, so
readers check and bound them.
"""


def requests_key(fingerprint: str) -> str:
    """Return the key of a sorted set: the requests of the last minute, `ID:TOKENS`, by the milliseconds since 1970."""
    return f"pdfjob:requests:{fingerprint}"


def pause_key(fingerprint: str) -> str:
    """Return the key of an empty string that exists while no request may be sent."""
    return f"pdfjob:pause:{fingerprint}"


def answer_key(key: str) -> str:
    """Return the key of a string: the answer to a request."""
    return f"pdfjob:answer:{key}"


def claim_key(key: str) -> str:
    """Return the key of a string: the holder that is requesting an answer."""
    return f"pdfjob:claim:{key}"


def progress_key(uid: str) -> str:
    """Return the key of a hash: the pages of a PdfJob processed so far, by chunk, both as decimal numbers."""
    return f"pdfjob:progress:{uid}"
