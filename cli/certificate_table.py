"""A parity certificate as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from northstar_explain.model.parity import Certificate, Check

if TYPE_CHECKING:
    from northstar_explain.verify.check_pack import Verification


def certificate_lines(certificate: Certificate) -> list[str]:
    """A line for each program that scored the golden rows."""
    return [f"  {check.program:<14}{_said(check)}" for check in certificate.checks]


def rebuilt_lines(checked: Verification) -> list[str]:
    """What the golden rows reach, which files were made again, which figures recomputed, and what was not compared."""
    lines = [f"  {'reach':<14}{checked.reach}"] if checked.reach else []
    lines += [f"  {'names':<14}{', '.join(checked.names)}: given by people, not learned"] if checked.names else []
    made = checked.rebuilt
    if made is None:
        what = "files differ from their list" if checked.findings else "only audit packs are"
        return [*lines, f"  {'made again':<14}no: {what}"]
    lines.append(f"  {'made again':<14}{made.same} files are what the model gives, {len(made.differ)} are not")
    lines += [f"  {'not compared':<14}{name}: {reason}" for name, reason in made.not_compared]
    lines.append(f"  {'recomputed':<14}{made.figures:,} figures from the evidence, {len(made.wrong_figures)} differ")
    return lines


def _said(check: Check) -> str:
    if check.not_checked:
        return f"not checked: {check.not_checked}"
    text = f"{check.version}, {check.rows:,} golden rows" if check.version else f"{check.rows:,} golden rows"
    if check.difference is not None:
        text += f", largest difference {check.difference:.1e}"
    return f"{text}, {check.wrong:,} WRONG" if check.wrong else text
