"""A distilled tree as a picture: an SVG of its conditions from left to right, with the rows and cost of each leaf."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.model.rules import Node
from northstar_explain.model.tree import Leaf, depth, leaves, split_tests

# Okabe and Ito's colours, which people tell apart whatever colours they see; clusters past them start again.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#b8a800")
INK, LINE = "#1f2933", "#9aa5b1"
# Pixels: of a line of text, of a leaf, and around the picture; the width of a character, which no font exceeds by much.
TEXT, ROW, EDGE, CHARACTER = 13, 46, 12, 7.0
LEAF, BAR = 170, 110


@dataclass(frozen=True)
class TreePicture:
    """A picture of a tree; notebooks show it by itself.

    Attributes
    ----------
    svg : str
        The picture. The same tree gives the same text.
    """

    svg: str

    def save(self, path: str | Path) -> None:
        """Write the picture to a file, as SVG."""
        Path(path).write_text(self.svg, encoding="utf-8")

    def _repr_svg_(self) -> str:
        return self.svg


def tree_picture(tree: Node, rows: np.ndarray, costs: np.ndarray, decimals: int) -> TreePicture:
    """Draw a tree of conditions on numbers.

    Parameters
    ----------
    tree : Split or Leaf
        Its tests are ``value < threshold``.
    rows, costs : ndarray of shape (n_leaves,)
        Of each leaf, from left to right.
    decimals : int
        Of thresholds and costs.

    Returns
    -------
    TreePicture
        The root is on the left; of each condition, what fits it is above what does not.
    """
    widest = max((len(_words(test, decimals)) for test in split_tests(tree)), default=0)
    step = int(widest * CHARACTER) + 40
    width, height = 2 * EDGE + depth(tree) * step + LEAF, 2 * EDGE + len(rows) * ROW
    drawn = _Drawing(step, rows, costs, decimals)
    body = "\n".join(drawn.marks(tree, 0))
    clusters = len({leaf.segment for leaf in leaves(tree)})
    title = f"A tree of {len(rows)} leaves for {clusters} clusters of {int(rows.sum())} rows"
    return TreePicture(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="Inter, Helvetica, Arial, sans-serif" font-size="{TEXT}" fill="{INK}">\n'
        f'<title>{title}</title>\n<rect width="{width}" height="{height}" fill="white"/>\n{body}\n</svg>\n'
    )


class _Drawing:
    """The marks of a tree; leaves take rows from the top as they are met."""

    def __init__(self, step: int, rows: np.ndarray, costs: np.ndarray, decimals: int) -> None:
        self.step, self.rows, self.costs, self.decimals = step, rows, costs, decimals
        self.drawn = 0
        self.middle = 0.0

    def marks(self, node: Node, level: int) -> Iterator[str]:
        """The marks of a subtree; `middle` is then the height of its root."""
        left = EDGE + level * self.step
        if isinstance(node, Leaf):
            yield from self._leaf(str(node.segment), left)
            return
        yield from self.marks(node.yes, level + 1)
        above = self.middle
        yield from self.marks(node.no, level + 1)
        below, self.middle = self.middle, (above + self.middle) / 2
        fork, end = left + self.step - 30, left + self.step - 4
        for height in (above, below):
            yield (
                f'<path d="M{fork - 8} {self.middle:.1f}H{fork}V{height:.1f}H{end}" fill="none" stroke="{LINE}" '
                'stroke-width="1.5"/>'
            )
        for words, height in (("yes", above - 4), ("no", below - 4)):
            yield f'<text x="{fork + 3}" y="{height:.1f}" font-size="10" fill="#616e7c">{words}</text>'
        text = escape(_words(node.test, self.decimals))
        yield f'<text x="{left}" y="{self.middle + TEXT / 3:.1f}">{text}</text>'

    def _leaf(self, cluster: str, left: int) -> Iterator[str]:
        place = self.drawn
        self.drawn += 1
        self.middle = EDGE + (place + 0.5) * ROW
        colour = COLOURS[int(cluster) % len(COLOURS)]
        held, cost = int(self.rows[place]), float(self.costs[place])
        long = max(1.0, BAR * held / float(self.rows.max()))
        words = f"{held:,} rows, cost {cost:,.{self.decimals}f}"
        yield f'<text x="{left}" y="{self.middle - 9:.1f}" font-weight="600">cluster {escape(cluster)}</text>'
        yield f'<rect x="{left}" y="{self.middle - 4:.1f}" width="{long:.1f}" height="8" fill="{colour}"/>'
        yield f'<text x="{left}" y="{self.middle + 17:.1f}" font-size="11">{words}</text>'


def _words(test: object, decimals: int) -> str:
    assert isinstance(test, NumberCondition) and test.upper is not None
    return f"{test.feature} < {test.upper:.{decimals}f}"
