"""What a command prints to stdout and stderr, and its errors where they cannot be written."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TextIO

import click

from northstar_explain.errors import Fault, OutputError


def print_out(text: str, done: str = "", newline: bool = True) -> None:
    """Print a result to stdout.

    Parameters
    ----------
    text : str
    done : str
        What the command has written so far, as a sentence, for the error.
    newline : bool
        Whether a line end follows.

    Raises
    ------
    OutputError
        When stdout is closed, its device is full, or its reader has gone.
    """
    # Python sets closed streams to None, and print would then be silent.
    if sys.stdout is None:
        raise _cannot_print("one that is closed", done)
    try:
        click.echo(text, nl=newline)
    except OSError as error:
        leave_stdout()
        raise _cannot_print(error.strerror or str(error), done) from error


def remark(text: str) -> None:
    """Print a remark on stderr; a stderr that cannot be written is no reason to fail."""
    with contextlib.suppress(OSError):
        click.echo(f"explain: {text}", err=True)


def leave_stdout() -> None:
    """Discard what stdout still buffers, as Python would try to write it again at exit."""
    _leave(sys.stdout)


def leave_stderr() -> None:
    """Discard what stderr still buffers, if it cannot be written: Python 3.13 ends with exit code 120 for that."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        _leave(sys.stderr)


def _leave(stream: TextIO) -> None:
    with contextlib.suppress(OSError, ValueError):
        # The number of the stream leads nowhere from now on; closing it would free the number for another file.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def open_standard_streams() -> None:
    """Open the standard streams that are closed onto nothing.

    The next file to be opened would have the number of a closed one, and what a library prints would go into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number


def _cannot_print(got: str, done: str) -> OutputError:
    return OutputError("stdout", [Fault("output", "a stream that can be written", got, done)])
