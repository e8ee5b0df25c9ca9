"""A parity certificate as text for a terminal."""

from __future__ import annotations

from northstar_explain.model.parity import Certificate, Check


def certificate_lines(certificate: Certificate) -> list[str]:
    """A line for each program that scored the golden rows."""
    return [f"  {check.program:<14}{_said(check)}" for check in certificate.checks]


def _said(check: Check) -> str:
    if check.not_checked:
        return f"not checked: {check.not_checked}"
    text = f"{check.rows:,} golden rows"
    if check.difference is not None:
        text += f", largest difference {check.difference:.1e}"
    return f"{text}, {check.wrong:,} WRONG" if check.wrong else text
