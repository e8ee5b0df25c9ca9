"""Calibration, groups and drift in the audit page: the report's own chapters, without styles inside their elements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from northstar_explain.model.learned_model import Model
from northstar_explain.report.audit.chapters.group_checks import groups
from northstar_explain.report.audit.chapters.performance import performance
from northstar_explain.report.audit.chapters.reliance import drift
from northstar_explain.report.document.blocks import Block, Callout, Chapter, Columns, Table


def page_checks(model: Model) -> tuple[Chapter, ...]:
    """The chapters on performance, groups and drift, as the page shows them."""
    chapters = (performance(model), groups(model), drift(model))
    return tuple(replace(chapter, blocks=tuple(_plain(chapter.blocks))) for chapter in chapters)


def _plain(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks without widths and grids: the page's policy allows no style but that of its one stylesheet."""
    for block in blocks:
        if isinstance(block, Columns):
            for column in block.columns:
                yield from _plain(column)
        elif isinstance(block, Callout):
            yield replace(block, blocks=tuple(_plain(block.blocks)), accent="")
        elif isinstance(block, Table):
            yield replace(block, widths=())
        else:
            yield block
