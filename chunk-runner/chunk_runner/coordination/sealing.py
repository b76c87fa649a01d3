"""The seal of everything that pods with one API key keep in Redis: names that nobody can guess, and encrypted values.

Pure. Both come from the API key: pods with the same key need no further secret, and everybody else who reaches the
Redis can delete and add, but neither read an answer nor write one that a pod takes for an answer.
"""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


_PURPOSE = b"pdfjob: names and answers in Redis, 1"
"""Separates the derived keys from all others that could be derived from the API key; the number is the format's."""

_KEY_BYTES = 32
_NONCE_BYTES = 12


class Seal:
    """Names and encrypts what pods with one API key share.

    Args:
        api_key: The API key. It has enough entropy to derive keys from it without a slow function.
    """

    def __init__(self, api_key: str) -> None:
        derived = HKDF(SHA256(), 2 * _KEY_BYTES, salt=None, info=_PURPOSE).derive(api_key.encode())
        self._naming_key = derived[:_KEY_BYTES]
        self._cipher = AESGCM(derived[_KEY_BYTES:])

    def name(self, *parts: str) -> str:
        """Return a name for these parts, in hexadecimal, from which nobody without the API key can infer them."""
        return hmac.new(self._naming_key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()

    def close(self, name: str, value: bytes) -> bytes:
        """Return a value encrypted for one name: under any other, it cannot be opened."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, value, name.encode())

    def open(self, name: str, sealed: bytes) -> bytes | None:
        """Return the value of a name; `None` if it was not closed with the same API key for the same name."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError):  # a nonce that is too short
            return None
