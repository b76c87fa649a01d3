"""Files that are cut, empty, something else, or locked."""

from pathlib import Path
from typing import Literal

import pikepdf

from tools.documents.hostile_pdfs.pdf_objects import (
    save,
    sound_book,
)
from tools.documents.pdfs import write_numbered


USER_PASSWORD = "open sesame"


def truncated(path: Path, *, share: float, pages: int = 90) -> Path:
    """A book of which only a share arrived."""
    data = write_numbered(path, pages).read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def raw(path: Path, *, data: bytes) -> Path:
    """These bytes."""
    path.write_bytes(data)
    return path


def encrypted(path: Path, *, user: str = "", revision: Literal[2, 6] = 6) -> Path:
    """An encrypted book: revision 6 is AES-256, 2 is RC4 of 40 bits. Without a user's password everyone can read it."""
    save(path, sound_book())
    strong = revision == 6
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        encryption = pikepdf.Encryption(owner="owner", user=user, R=revision, aes=strong, metadata=strong)
        pdf.save(path, encryption=encryption)
    return path
