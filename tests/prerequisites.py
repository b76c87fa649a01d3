"""What becomes of tests whose machine lacks something: said plainly to a developer, an error in CI."""

import os
from typing import NoReturn

import pytest


def go_without(tests: str, missing: Exception) -> NoReturn:
    """Skip these tests and say why: a developer's machine may be unable to run them. CI must be able to.

    Raises:
        Exception: What is missing, in CI.
    """
    if os.environ.get("CI"):
        raise missing
    pytest.skip(f"NO {tests}: {missing}")
