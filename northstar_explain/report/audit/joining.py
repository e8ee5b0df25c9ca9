"""Joining two tagged PDFs into one that is tagged still: pages, structure, outline, links between them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    Fit,
    IndirectObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

# A link in the first part with this address leads to a page of the second; the first is 1.
SCHEME = "appendix:"


def joined(first: bytes, second: bytes, prefix: str, identifier: bytes) -> bytes:
    """The pages of two PDFs in one.

    Parameters
    ----------
    first, second : bytes
        Tagged PDFs. The metadata, the language and the viewer's settings are those of the first.
    prefix : str
        What page labels of the second begin with, before 1, 2, 3.
    identifier : bytes
        The same for the same content.

    Returns
    -------
    bytes
        Links of the first to `SCHEME` addresses lead to pages of the second.
    """
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(first)))
    reader = PdfReader(io.BytesIO(second))
    before = len(writer.pages)
    for page in reader.pages:
        writer.add_page(page)
    _join_structure(writer, reader, before)
    _join_outline(writer, reader, before)
    _lead_links(writer, before)
    _label_pages(writer, before, prefix)
    writer._ID = ArrayObject([ByteStringObject(identifier), ByteStringObject(identifier)])
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _join_structure(writer: PdfWriter, reader: PdfReader, before: int) -> None:
    """Append the second structure tree to the first, and renumber what its pages refer to it by."""
    ours: Any = writer.root_object["/StructTreeRoot"]
    root: Any = reader.trailer["/Root"]
    theirs: Any = root["/StructTreeRoot"]
    start = 1 + max(_keys(ours["/ParentTree"]), default=-1)
    document = _only(ours["/K"])
    # Cloned after the pages, so that references to these lead to their copies; the parents' own links would lead back
    # into the second file, so they are set anew.
    for child in _children(_only(theirs["/K"])):
        copy = child.clone(writer, ignore_fields=("/P",))
        copy[NameObject("/P")] = document.indirect_reference
        _set_parents(copy)
        document["/K"].append(copy.indirect_reference)
    numbers = _tree_leaf(ours["/ParentTree"])
    for key, value in _pairs(theirs["/ParentTree"]):
        numbers.extend([NumberObject(start + key), _cloned(value, writer)])
    for page, origin in zip(list(writer.pages)[before:], reader.pages, strict=True):
        # pypdf leaves this number out of the copy, since by itself it would lead into the wrong tree.
        number: Any = origin["/StructParents"]
        page[NameObject("/StructParents")] = NumberObject(start + int(number))
        for annotation in page.get("/Annots", ()):
            _renumber(annotation.get_object(), "/StructParent", start)
    ours[NameObject("/ParentTreeNextKey")] = NumberObject(1 + max(_keys(ours["/ParentTree"])))


def _cloned(value: Any, writer: PdfWriter) -> Any:
    """A value of the parent tree with references to the copies of what it refers to."""
    found = value.get_object()
    if isinstance(found, ArrayObject):
        return ArrayObject([_cloned(item, writer) for item in found])
    copy = found.clone(writer)
    return copy.indirect_reference


def _set_parents(element: Any) -> None:
    for child in _children(element):
        if "/S" in child:
            child[NameObject("/P")] = element.indirect_reference
            _set_parents(child)


def _children(element: Any) -> Iterator[Any]:
    """Children that are dictionaries of their own; numbers mark content of a page."""
    kids = element.get("/K", ())
    kids = kids.get_object() if isinstance(kids, IndirectObject) else kids
    for kid in kids if isinstance(kids, ArrayObject) else [kids]:
        found = kid.get_object() if isinstance(kid, IndirectObject) else kid
        if isinstance(found, DictionaryObject):
            yield found


def _only(kids: Any) -> Any:
    found = kids.get_object()
    return found[0].get_object() if isinstance(found, ArrayObject) else found


def _tree_leaf(tree: Any) -> Any:
    found = tree.get_object()
    assert "/Nums" in found, "a parent tree of one leaf, as WeasyPrint writes it"
    return found["/Nums"].get_object()


def _pairs(tree: Any) -> list[tuple[int, Any]]:
    numbers = _tree_leaf(tree)
    return [(int(numbers[i]), numbers[i + 1]) for i in range(0, len(numbers), 2)]


def _keys(tree: Any) -> list[int]:
    return [key for key, _ in _pairs(tree)]


def _renumber(holder: Any, key: str, start: int) -> None:
    if key in holder:
        holder[NameObject(key)] = NumberObject(start + int(holder[key]))


def _join_outline(writer: PdfWriter, reader: PdfReader, before: int) -> None:
    def add(items: Any, parent: Any) -> None:
        last = parent
        for item in items:
            if isinstance(item, list):
                add(item, last)
                continue
            number = before + int(reader.get_destination_page_number(item) or 0)
            last = writer.add_outline_item(title=str(item.title), page_number=number, parent=parent, fit=Fit.fit())

    add(reader.outline, None)


def _lead_links(writer: PdfWriter, before: int) -> None:
    for page in writer.pages:
        for reference in page.get("/Annots", ()):
            annotation = reference.get_object()
            action = annotation.get("/A")
            address = str(action.get_object().get("/URI", "")) if action is not None else ""
            if address.startswith(SCHEME):
                target = writer.pages[before + int(address.removeprefix(SCHEME)) - 1]
                place = ArrayObject([target.indirect_reference, NameObject("/Fit")])
                annotation[NameObject("/A")] = DictionaryObject(
                    {NameObject("/S"): NameObject("/GoTo"), NameObject("/D"): place}
                )


def _label_pages(writer: PdfWriter, before: int, prefix: str) -> None:
    """The second part counts from 1 again, with its prefix."""
    plain = DictionaryObject({NameObject("/S"): NameObject("/D")})
    marked = DictionaryObject({NameObject("/S"): NameObject("/D"), NameObject("/P"): TextStringObject(prefix)})
    numbers = ArrayObject([NumberObject(0), plain, NumberObject(before), marked])
    writer.root_object[NameObject("/PageLabels")] = DictionaryObject({NameObject("/Nums"): numbers})
