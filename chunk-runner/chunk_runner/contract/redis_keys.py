"""The Redis keys that all pods share, and the operator reads. Every key expires.

Keys end with a name that `coordination.sealing` derives from the API key, except for the progress, which the operator
reads without an API key. Anyone with access to Redis may have written the values, so readers check and bound them.
"""


def requests_key(name: str) -> str:
    """Return the key of a sorted set: the requests of the last minute, `ID:TOKENS`, by the milliseconds since 1970."""
    return f"pdfjob:requests:{name}"


def pause_key(name: str) -> str:
    """Return the key of an empty string that exists while no request may be sent."""
    return f"pdfjob:pause:{name}"


def answer_key(name: str) -> str:
    """Return the key of a string: the answer to a request, encrypted."""
    return f"pdfjob:answer:{name}"


def claim_key(name: str) -> str:
    """Return the key of a string: the holder that is requesting an answer."""
    return f"pdfjob:claim:{name}"


def progress_key(uid: str) -> str:
    """Return the key of a hash: the pages of a PdfJob processed so far, by chunk, both as decimal numbers."""
    return f"pdfjob:progress:{uid}"
