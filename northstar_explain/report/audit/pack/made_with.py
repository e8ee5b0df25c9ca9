"""The versions of what typesets a pack: with others, its report and page may have other bytes."""

from __future__ import annotations

import platform
from importlib import metadata

_LIBRARIES = ("northstar-explain", "weasyprint", "pikepdf", "vl-convert-python", "xlsxwriter", "pyarrow",
              "numpy", "jinja2")  # fmt: skip


def versions() -> dict[str, str]:
    """Library to installed version, and the processor, which may round the last digit of a coordinate differently."""
    found = {name: metadata.version(name) for name in _LIBRARIES}
    return {**found, "python": platform.python_version(), "processor": platform.machine()}
