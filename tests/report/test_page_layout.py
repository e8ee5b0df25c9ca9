"""Pages of the playbook are set in the largest type with which they fit, in few attempts."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace
from typing import Any

import pytest

from northstar_explain.report.playbook import page_layout
from northstar_explain.report.playbook.page_layout import LEVELS, VARIANT, fit

PAGE = f'<body class="{VARIANT}"><section></section></body>'


class FakePress:
    """Lays out a page whose content takes so much of a sheet at the last level, and as much more as `heights` say."""

    def __init__(self, content: float, heights: tuple[float, ...]):
        self.tall = [content * one / heights[-1] for one in heights]
        self.tried: list[int] = []

    def lay_out(self, page: str) -> Any:
        level = int(re.search(r"fit-(\d+)", page)[1])  # type: ignore[index]
        self.tried.append(level)
        full, rest = divmod(self.tall[level], 1.0)
        parts = [1.0] * int(full) + ([rest] if rest else [])
        root = (SimpleNamespace(margin_height=lambda part=part: part) for part in parts)
        return SimpleNamespace(
            pages=[SimpleNamespace(_page_box=SimpleNamespace(children=[one], height=1.0)) for one in root]
        )

    def best(self) -> int:
        """The first level that fits; the last one where none does."""
        return next((level for level, tall in enumerate(self.tall) if tall <= 1), LEVELS - 1)


@pytest.mark.parametrize("first", [0, 5, 7, LEVELS - 1])
@pytest.mark.parametrize("content", [0.2, 0.53, 0.61, 0.7, 0.82, 0.9, 0.97, 1.0, 1.2])
def test_a_page_gets_the_largest_type_that_fits(content: float, first: int) -> None:
    press = FakePress(content, page_layout._HEIGHTS)
    found = fit(press, PAGE, first)  # type: ignore[arg-type]
    assert (found.level, found.fits) == (press.best(), content <= 1)
    assert len(press.tried) <= 3
    assert len(set(press.tried)) == len(press.tried)


@pytest.mark.parametrize("content", [0.55, 0.7, 0.82, 0.9, 0.97])
def test_heights_that_are_not_as_thought_cost_a_size_at_most(content: float) -> None:
    for off in (0.8, 0.93, 1.07, 1.3):
        heights = tuple(1 + off * (one / page_layout._HEIGHTS[-1] - 1) for one in page_layout._HEIGHTS)
        press = FakePress(content, heights)
        found = fit(press, PAGE, 5)  # type: ignore[arg-type]
        assert found.fits
        assert press.best() <= found.level <= press.best() + 1 or math.isclose(press.tall[found.level], 1, abs_tol=0.08)
        assert len(press.tried) == len(set(press.tried))
