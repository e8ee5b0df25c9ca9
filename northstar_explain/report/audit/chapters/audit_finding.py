"""A finding of the audit report."""

from __future__ import annotations

from dataclasses import dataclass

BROKEN, WEAK, OPEN = "broken", "weak", "open"


@dataclass(frozen=True)
class AuditFinding:
    """A finding of the audit report.

    Attributes
    ----------
    level : str
        ``broken`` (a requirement is not met), ``weak`` (met, but to be relied on with care) or ``open`` (not known).
    text : str
    chapter : str
        The chapter with the details.
    figure, interval : str
        What was measured, and its 95% interval or what chance alone would give; empty where it is no figure.
    """

    level: str
    text: str
    chapter: str
    figure: str = ""
    interval: str = ""
