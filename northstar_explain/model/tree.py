"""One immutable binary tree, generic over its test: how the distiller, a segmentation and its reports see segments.

The distiller's tests are on bins; those of a segmentation are conditions on features. Only the distiller's search has
nodes of its own, which it changes in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

# Covariant for the classes, which never change: a tree of one type of condition is a tree of conditions. Functions take
# plain variables, as a type checker demands.
Test_co = TypeVar("Test_co", covariant=True)
Segment_co = TypeVar("Segment_co", covariant=True)
Test = TypeVar("Test")
Segment = TypeVar("Segment")
OtherTest = TypeVar("OtherTest")
OtherSegment = TypeVar("OtherSegment")


@dataclass(frozen=True)
class Leaf(Generic[Segment_co]):
    """An end of the tree: every row that reaches it belongs to `segment`, an id, or a number while it has none."""

    segment: Segment_co


@dataclass(frozen=True)
class Split(Generic[Test_co, Segment_co]):
    """A question: rows that fit `test` go on to `yes`, all others to `no`."""

    test: Test_co
    yes: Tree[Test_co, Segment_co]
    no: Tree[Test_co, Segment_co]


Tree = Split[Test, Segment] | Leaf[Segment]


def leaves(tree: Tree[Any, Segment]) -> Iterator[Leaf[Segment]]:
    """The leaves from left to right, `yes` before `no`."""
    if isinstance(tree, Leaf):
        yield tree
    else:
        yield from leaves(tree.yes)
        yield from leaves(tree.no)


def split_tests(tree: Tree[Test, Any]) -> Iterator[Test]:
    """The tests of all splits, from the root down."""
    if isinstance(tree, Split):
        yield tree.test
        yield from split_tests(tree.yes)
        yield from split_tests(tree.no)


def depth(tree: Tree[Any, Any]) -> int:
    """Splits on the longest path from the root to a leaf; 0 for a leaf."""
    return 0 if isinstance(tree, Leaf) else 1 + max(depth(tree.yes), depth(tree.no))


def translated(
    tree: Tree[Test, Segment], test: Callable[[Test], OtherTest], segment: Callable[[Segment], OtherSegment]
) -> Tree[OtherTest, OtherSegment]:
    """The tree of the same shape with other tests and segments.

    Parameters
    ----------
    tree : Split or Leaf
    test : callable
        A test to the test in its place.
    segment : callable
        A leaf's segment to the segment in its place.

    Returns
    -------
    Split or Leaf

    Examples
    --------
    >>> translated(Split("age", Leaf(0), Leaf(1)), str.upper, "S{}".format)
    Split(test='AGE', yes=Leaf(segment='S0'), no=Leaf(segment='S1'))
    """
    if isinstance(tree, Leaf):
        return Leaf(segment(tree.segment))
    return Split(test(tree.test), translated(tree.yes, test, segment), translated(tree.no, test, segment))
