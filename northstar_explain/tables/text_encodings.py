"""The encoding of a text file, found from its bytes."""

from __future__ import annotations

import codecs
from collections.abc import Iterable

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_WORDS = {"utf-8": "UTF-8", "cp1252": "Windows-1252", "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
# Signs that Western texts use; the letters of this range (Š, ž, Ÿ) are other letters in other encodings.
_SIGNS = frozenset(
    b"\x80\x82\x84\x85\x91\x92\x93\x94\x95\x96\x97\x99\xa0\xa3\xa5\xa7\xa9\xab\xae\xb0\xb2\xb3\xb4\xb7\xba\xbb"
)
_LETTERS = frozenset(range(0xC0, 0xFE)) - {0xD7, 0xF7, 0xD0, 0xF0, 0xDE}
_MOST_IN_A_ROW = 2  # more accented letters side by side are a text in another alphabet


def encoding_words(encoding: str) -> str:
    """What people call an encoding."""
    return _WORDS.get(encoding, encoding)


def find_encoding(pieces: Iterable[bytes]) -> str:
    """Find the encoding of a text from its first bytes that are no ASCII.

    Parameters
    ----------
    pieces : iterable of bytes
        The file from its beginning; not read further than needed.

    Returns
    -------
    str
        ``"utf-8"`` where it is ASCII throughout, and where it is none of the others: reading it then names the first
        byte that does not fit.
    """
    for number, piece in enumerate(pieces):
        if number == 0 and (found := _by_beginning(piece)):
            return found
        if not piece.isascii():
            return "cp1252" if not _is_utf8(piece) and _is_western(piece) else "utf-8"
    return "utf-8"


def _by_beginning(piece: bytes) -> str:
    for bom, encoding in _BOMS:
        if piece.startswith(bom):
            return encoding
    # Without a mark, every other byte of Western text in UTF-16 is zero.
    even, odd = piece[0:1000:2], piece[1:1000:2]
    if odd and odd.count(0) > 0.7 * len(odd) and not even.count(0):
        return "utf-16-le"
    return "utf-16-be" if even and even.count(0) > 0.7 * len(even) and not odd.count(0) else ""


def _is_utf8(piece: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(piece)  # may end within a character
    except UnicodeDecodeError:
        return False
    return True


def _is_western(piece: bytes) -> bool:
    """Whether every byte above ASCII is a sign, or a letter within a word, as Windows-1252 has them."""
    # A file in UTF-8 with one byte damaged has other characters in UTF-8, and those are no words here.
    run = 0
    for place, byte in enumerate(piece):
        if byte < 0x80:
            run = 0
            continue
        run += 1
        if byte in _SIGNS:
            continue
        beside = piece[max(0, place - 1) : place] + piece[place + 1 : place + 2]
        if byte not in _LETTERS or run > _MOST_IN_A_ROW or not any(_is_letter(other) for other in beside):
            return False
    return True


def _is_letter(byte: int) -> bool:
    return chr(byte).isalpha() and (byte < 0x80 or byte in _LETTERS)
