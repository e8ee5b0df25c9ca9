"""Merge tagged PDFs into one that is still tagged: pages, structure tree, outline, and the links between them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, OutlineItem, Pdf

# A link in the first document with this scheme leads to a page of the appendix; pages count from 1.
APPENDIX_SCHEME = "appendix:"


def merge_pdfs(documents: Sequence[bytes], prefix: str, identifier: bytes) -> bytes:
    """Merge several PDFs into one.

    Parameters
    ----------
    documents : sequence of bytes
        Tagged PDFs: the first is the report, the others its appendix. Metadata, language and viewer settings are
        those of the first.
    prefix : str
        What page labels of the appendix begin with, before 1, 2, 3.
    identifier : bytes
        The PDF's identifier; the same for the same content, so that the file is reproducible.

    Returns
    -------
    bytes
        Links of the first document with an `APPENDIX_SCHEME` address lead to pages of the appendix.
    """
    merged = Pdf.open(io.BytesIO(documents[0]))
    front_pages = len(merged.pages)
    for data in documents[1:]:
        with Pdf.open(io.BytesIO(data)) as document:
            _append(merged, document)
    _resolve_appendix_links(merged, front_pages)
    decimal, prefixed = Dictionary(S=Name.D), Dictionary(S=Name.D, P=prefix)
    merged.Root.PageLabels = Dictionary(Nums=Array([0, decimal, front_pages, prefixed]))
    merged.trailer.ID = Array([pikepdf.String(identifier), pikepdf.String(identifier)])
    out = io.BytesIO()
    merged.save(out, static_id=False, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def _append(merged: Pdf, document: Pdf) -> None:
    """Append the pages of a document, its structure tree and its outline."""
    first_page = len(merged.pages)
    merged.pages.extend(document.pages)
    # The tree is copied after the pages, so that its references to pages resolve to their copies.
    copied_tree = merged.copy_foreign(document.Root.StructTreeRoot)
    tree = merged.Root.StructTreeRoot
    # Keys of the parent tree are unique in a file, so those of the appended document are shifted past ours.
    offset = 1 + max(_keys(tree.ParentTree), default=-1)
    # WeasyPrint writes one root element, under which the children of the appended tree go.
    root = _only(tree.K)
    for child in _children(_only(copied_tree.K)):
        child.P = root
        root.K.append(child)
    numbers = _numbers(tree.ParentTree)
    for key, value in _items(copied_tree.ParentTree):
        numbers.append(offset + key)
        numbers.append(value)
    for page in list(merged.pages)[first_page:]:
        page.obj.StructParents = offset + int(page.obj.StructParents)
        for annotation in page.obj.get(Name.Annots, []):
            # Links are tagged too, through the same numbers as pages.
            if Name.StructParent in annotation:
                annotation.StructParent = offset + int(annotation.StructParent)
    tree.ParentTreeNextKey = 1 + max(_keys(tree.ParentTree))
    _append_outline(merged, document, first_page)


def _append_outline(merged: Pdf, document: Pdf, first_page: int) -> None:
    """Append the top level of a document's outline: one entry per page."""
    page_numbers: dict[Any, int] = {page.objgen: number for number, page in enumerate(document.pages)}
    with merged.open_outline() as outline, document.open_outline() as appended:
        for item in appended.root:
            target = item.destination[0] if isinstance(item.destination, Array) else None
            page = page_numbers[target.objgen] if target is not None else 0
            outline.root.append(OutlineItem(str(item.title), first_page + page))


def _children(element: Any) -> Iterator[Any]:
    kids = element.K
    for kid in list(kids) if isinstance(kids, Array) else [kids]:
        if isinstance(kid, Dictionary):
            yield kid


def _only(kids: Any) -> Any:
    return kids[0] if isinstance(kids, Array) else kids


def _numbers(tree: Any) -> Any:
    assert Name.Nums in tree, "expected a parent tree of one leaf, as WeasyPrint writes it"
    return tree.Nums


def _items(tree: Any) -> list[tuple[int, Any]]:
    numbers = _numbers(tree)
    return [(int(numbers[i]), numbers[i + 1]) for i in range(0, len(numbers), 2)]


def _keys(tree: Any) -> list[int]:
    return [key for key, _ in _items(tree)]


def _resolve_appendix_links(merged: Pdf, front_pages: int) -> None:
    for page in merged.pages:
        for annotation in page.obj.get(Name.Annots, []):
            action = annotation.get(Name.A)
            address = str(action.get(Name.URI, "")) if action is not None else ""
            if address.startswith(APPENDIX_SCHEME):
                target = merged.pages[front_pages + int(address.removeprefix(APPENDIX_SCHEME)) - 1]
                annotation.A = Dictionary(S=Name.GoTo, D=Array([target.obj, Name.Fit]))
