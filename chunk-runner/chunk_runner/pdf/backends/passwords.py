"""The byte strings that a password may stand for. Knows text encodings, and opens no file.

A PDF is encrypted with the bytes of its password and does not tell their encoding. ISO 32000 prescribes PDFDocEncoding
up to revision 4 of the standard security handler, and from revision 5 on UTF-8 after SASLprep (RFC 4013). Some writers
do neither: they use the bytes of their system's code page, or UTF-8 in every revision.
"""

from __future__ import annotations

import codecs
import stringprep
import unicodedata
from collections.abc import Iterator

from pikepdf.codec import PdfDocCodec


_CODE_PAGES = (
    *("cp1252", "mac_roman", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("cp437", "cp850", "cp852", "cp866", "koi8_r", "cp874", "cp932", "cp936", "cp949", "cp950"),
)
"""The code pages of Windows and DOS, of the old Mac OS, and of Russian Unix; cp1252 includes Latin-1."""

_ENCODERS = (codecs.getencoder("utf-8"), PdfDocCodec().encode, *map(codecs.getencoder, _CODE_PAGES))


def candidates(password: str) -> Iterator[bytes]:
    """Yield the empty password, which opens most files, and then each byte string that this one may stand for, once.

    All encodings agree on ASCII, so that only a password with other characters has several byte strings.

    Args:
        password: The password as a user gave it; empty for none.
    """
    forms = [password, unicodedata.normalize("NFC", password), _saslprep(password)]
    tried = {b""}
    yield b""
    for encode in _ENCODERS:
        for form in forms:
            try:
                encoded, _ = encode(form)
            except UnicodeEncodeError:
                continue
            if encoded not in tried:
                tried.add(encoded)
                yield encoded


def _saslprep(text: str) -> str:
    """Return the text as SASLprep maps it: plain spaces, no invisible characters, compatibility forms composed."""
    mapped = (" " if stringprep.in_table_c12(char) else char for char in text if not stringprep.in_table_b1(char))
    return unicodedata.normalize("NFKC", "".join(mapped))
