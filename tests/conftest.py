"""Which tests share a process, when two of them run side by side: a cluster, a corpus or a server is made once."""

from pathlib import Path

import pytest


TESTS = Path(__file__).parent

WHOLE = ("cluster", "control_plane", "corpus")
"""Folders whose tests share something that is made for the session; elsewhere no more than a module shares anything."""


@pytest.hookimpl(tryfirst=True)  # before xdist looks for what is marked here
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        place = item.path.relative_to(TESTS)
        group = place.parts[0] if place.parts[0] in WHOLE else str(place)
        item.add_marker(pytest.mark.xdist_group(group))
