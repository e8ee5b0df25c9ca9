"""Programs that tests run beside Python: a missing one skips its tests here, and fails them under continuous integration."""

from __future__ import annotations

import os

import pytest


def require(found: object, program: str, package: str) -> None:
    """Go on where the program was found; otherwise skip the test, or fail it with ``CI=true``.

    Parameters
    ----------
    found : object
        True for a program that is there, such as its path.
    program : str
        What a person calls it.
    package : str
        The Debian package, or the pip requirement, that brings it.
    """
    if found:
        return
    words = f"{program} is missing: install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)
