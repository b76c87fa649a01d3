"""The interface that every backend implements, and the errors it raises. Knows no PDF library."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from chunk_runner.contract.limits import shorten


_MESSAGE_LIMIT = 160
"""Characters of a library's own message."""

DAMAGED_PAGE_TREE = "its page tree is damaged, and pages may be missing"


class BackendError(Exception):
    """The library cannot open the file or copy the pages; the message is the library's, shortened."""


class PasswordError(Exception):
    """The file is encrypted, and neither the given password nor the empty one opens it."""


class EncryptionError(Exception):
    """The file is encrypted in a way that the library does not know, so that no password opens it."""


class Copied(NamedTuple):
    """The pages of a copy that are not as they should be, by their 1-based numbers in the source.

    Attributes:
        lost: They could not be copied, and are blank instead.
        incomplete: They could not be flattened: they lack something that a viewer shows, or show hidden layers.
    """

    lost: frozenset[int] = frozenset()
    incomplete: frozenset[int] = frozenset()


class Backend(Protocol):
    """An open PDF, as one library sees it. The defaults are for a library that cannot tell.

    Attributes:
        page_count: The number of pages.
        is_encrypted: True if the file is encrypted, even with an empty user password.
        warnings: Repairs and anomalies, in the library's own words.
        lost_pages: The 1-based pages whose content the file no longer holds.
        is_rebuilt: True if the page tree was rebuilt, so that other libraries may count other pages.
    """

    page_count: int
    is_encrypted: bool
    warnings: Sequence[str] = ()
    lost_pages: frozenset[int] = frozenset()
    is_rebuilt: bool = False

    def content_elsewhere(self) -> tuple[str, ...]:
        """Return one sentence for each kind of content that the file has, but not on its pages."""
        return ()

    def pages_to_flatten(self) -> frozenset[int]:
        """Return the 1-based pages of which a viewer shows more or less than their content, as far as is known."""
        return frozenset()

    def copy(self, pages: Sequence[int], file: BinaryIO) -> Copied:
        """Write pages to a new PDF, flattened, without anything else of the document.

        Forms, annotations and layers become content; outlines, scripts, actions and attachments are left out.

        Args:
            pages: The 1-based pages, in order.
            file: The file to write to.

        Raises:
            BackendError: The library cannot copy the pages.
        """


OpenBackend = Callable[[Path, str], AbstractContextManager[Backend]]
"""Opens a file with a password, which is empty for none. Raises `BackendError`, `PasswordError`, `EncryptionError`."""


def describe(error: object) -> str:
    """Return a library's message without the file name it begins with, shortened."""
    return shorten(re.sub(r"^(stream )?<[^>]*>[,:]? |^[^:]*\.pdf: ", "", str(error)), _MESSAGE_LIMIT)
