"""Addresses that are broken at the end of a line: URLs, DOIs, mail addresses, paths. Pure.

Lines break inside them without a hyphen, so that nothing may be added or taken away where they are joined.
"""

from __future__ import annotations

import re


_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]{1,20}:/|www\.|10\.\d{4,9}/|doi:)", re.IGNORECASE)
"""The beginning of a URL or DOI."""

_MAIL = re.compile(r"[\w.+-]+@[\w.-]*")

_PATH = re.compile(r"(?:~|\.{1,2}|[A-Za-z]:)?[/\\](?:[\w.+-]+[/\\])+[\w.+-]*|[\w.-]+/[\w.-]+/[\w./-]*")

_PART = re.compile(r"[^\s/_=?&%#]*(?:[/_=?&%#]|\.[A-Za-z0-9]{2})")
"""The beginning of a word that only an address contains."""

_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)+")

_BREAKING = "/\\?&=#%_~+"
"""Characters of an address after which lines break."""

_LIMIT = 200
"""Characters of an address that are examined."""


def address_goes_on(line: str, following: str, words: frozenset[str]) -> bool | None:
    """Return True if an address at the end of a line goes on in the next one, and `None` if there is no address.

    Args:
        line: The line, with a hyphen in place of a soft one at its end.
        following: The next line.
        words: Frequent words of the language, with which no address goes on: a URL that ends with a slash may be whole.
    """
    if following[0].isspace():
        return None
    before = line[-_LIMIT:].rsplit(maxsplit=1)[-1].lstrip("(<[{\"“'‘")
    after = following[:_LIMIT].split(maxsplit=1)[0]
    if after[0] == "@":
        return before[-1:].isalnum() and _DOMAIN.match(after, 1) is not None
    is_mail = _MAIL.fullmatch(before) is not None
    has_scheme = _SCHEME.match(before) is not None
    if not (is_mail or has_scheme or _PATH.fullmatch(before)):
        return None
    if is_mail:
        return before[-1] == "@" or (before[-1] in ".-" and after[0].islower())
    if before.endswith("://"):
        return True
    if _SCHEME.match(after) or "@" in after:
        return False
    if before[-1] in _BREAKING:
        return after.rstrip(".,;").lower() not in words
    if before[-1] in ".-":
        return after[0].isalnum() and not after[0].isupper()
    if after[0] in _BREAKING + ".-":
        return has_scheme and after[1:2].isalnum()
    return before[-1].isalnum() and _PART.match(after) is not None
