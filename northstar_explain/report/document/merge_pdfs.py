"""Joining tagged PDFs into one that is tagged still: pages, structure, outline, links between them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, OutlineItem, Pdf

# A link in the first part with this address leads to a page of the appendix; the first is 1.
APPENDIX_SCHEME = "appendix:"


def merge_pdfs(parts: Sequence[bytes], prefix: str, identifier: bytes) -> bytes:
    """The pages of several PDFs in one.

    Parameters
    ----------
    parts : sequence of bytes
        Tagged PDFs, the first of which is followed by an appendix in one or more parts. Metadata, language and the
        viewer's settings are those of the first.
    prefix : str
        What page labels of the appendix begin with, before 1, 2, 3.
    identifier : bytes
        The same for the same content.

    Returns
    -------
    bytes
        Links of the first part to `APPENDIX_SCHEME` addresses lead to pages of the appendix.
    """
    whole = Pdf.open(io.BytesIO(parts[0]))
    before = len(whole.pages)
    for data in parts[1:]:
        with Pdf.open(io.BytesIO(data)) as part:
            _append(whole, part)
    _lead_links(whole, before)
    plain, marked = Dictionary(S=Name.D), Dictionary(S=Name.D, P=prefix)
    whole.Root.PageLabels = Dictionary(Nums=Array([0, plain, before, marked]))
    whole.trailer.ID = Array([pikepdf.String(identifier), pikepdf.String(identifier)])
    out = io.BytesIO()
    whole.save(out, static_id=False, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def _append(whole: Pdf, part: Pdf) -> None:
    """Add the pages of a part, its structure and its outline."""
    before = len(whole.pages)
    whole.pages.extend(part.pages)
    # Copied after the pages, so that what the tree says of them is said of their copies.
    theirs = whole.copy_foreign(part.Root.StructTreeRoot)
    ours = whole.Root.StructTreeRoot
    start = 1 + max(_keys(ours.ParentTree), default=-1)
    document = _only(ours.K)
    for child in _children(_only(theirs.K)):
        child.P = document
        document.K.append(child)
    numbers = _leaf(ours.ParentTree)
    for key, value in _pairs(theirs.ParentTree):
        numbers.append(start + key)
        numbers.append(value)
    for page in list(whole.pages)[before:]:
        page.obj.StructParents = start + int(page.obj.StructParents)
        for annotation in page.obj.get(Name.Annots, []):
            if Name.StructParent in annotation:
                annotation.StructParent = start + int(annotation.StructParent)
    ours.ParentTreeNextKey = 1 + max(_keys(ours.ParentTree))
    _join_outline(whole, part, before)


def _join_outline(whole: Pdf, part: Pdf, before: int) -> None:
    """Add the part's outline, its top level: one entry a page."""
    places: dict[Any, int] = {page.objgen: number for number, page in enumerate(part.pages)}
    with whole.open_outline() as ours, part.open_outline() as theirs:
        for item in theirs.root:
            target = item.destination[0] if isinstance(item.destination, Array) else None
            place = places[target.objgen] if target is not None else 0
            ours.root.append(OutlineItem(str(item.title), before + place))


def _children(element: Any) -> Iterator[Any]:
    kids = element.K
    for kid in list(kids) if isinstance(kids, Array) else [kids]:
        if isinstance(kid, Dictionary):
            yield kid


def _only(kids: Any) -> Any:
    return kids[0] if isinstance(kids, Array) else kids


def _leaf(tree: Any) -> Any:
    assert Name.Nums in tree, "a parent tree of one leaf, as WeasyPrint writes it"
    return tree.Nums


def _pairs(tree: Any) -> list[tuple[int, Any]]:
    numbers = _leaf(tree)
    return [(int(numbers[i]), numbers[i + 1]) for i in range(0, len(numbers), 2)]


def _keys(tree: Any) -> list[int]:
    return [key for key, _ in _pairs(tree)]


def _lead_links(whole: Pdf, before: int) -> None:
    for page in whole.pages:
        for annotation in page.obj.get(Name.Annots, []):
            action = annotation.get(Name.A)
            address = str(action.get(Name.URI, "")) if action is not None else ""
            if address.startswith(APPENDIX_SCHEME):
                target = whole.pages[before + int(address.removeprefix(APPENDIX_SCHEME)) - 1]
                annotation.A = Dictionary(S=Name.GoTo, D=Array([target.obj, Name.Fit]))
