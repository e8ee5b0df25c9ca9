"""How a failed command ends: one line on stderr, and an exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

from northstar_explain.cli.output import leave_stdout, remark
from northstar_explain.errors import Fault, NorthstarError

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
# A terminal that is closed hangs up twice, by its shell and by the system; the second must not interrupt the clean-up.
_ONCE_PER_S = 1.0
_AGAIN_AFTER_S = 0.05
_NO_THREAD = "can't start new thread"
_NO_MEMORY = ("cannot allocate memory", "failed to map segment")


class Interrupted(KeyboardInterrupt):
    """A signal asked the command to end; it is treated as Ctrl-C is."""

    def __init__(self, number: int):
        self.number = number
        super().__init__(signal.Signals(number).name)


@contextlib.contextmanager
def one_line() -> Iterator[None]:
    """End the process with one line where an error or a signal that a user can act on stopped the command.

    Exit code 1; of signals 128 and their number, as a shell has it: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.
    """
    with _signals_raise():
        try:
            yield
        except KeyboardInterrupt as error:
            _end_interrupted(error)
        except (NorthstarError, MemoryError, OSError, RuntimeError, ImportError) as error:
            # A lock of the standard library that a signal interrupted fails at its release, which hides the signal.
            if type(error) is RuntimeError and isinstance(error.__context__, KeyboardInterrupt):
                _end_interrupted(error.__context__)
            message = _as_message(error)
            if message is None:
                raise
            remark(str(message))
            sys.exit(1)


def _end_interrupted(error: KeyboardInterrupt) -> NoReturn:
    name, number = str(error) or "SIGINT", getattr(error, "number", signal.SIGINT)
    notes = getattr(error, "__notes__", None) or ["nothing was left half written"]
    remark(f"interrupted ({name}); {'; '.join(notes)}")
    sys.exit(128 + number)


def _as_message(error: Exception) -> NorthstarError | None:
    """The error as a message; None for one that only a programmer can fix."""
    if isinstance(error, NorthstarError):
        return error
    text = str(error).splitlines()[0] if str(error) else "no more"
    # A library that cannot be mapped into memory fails as an import.
    if isinstance(error, MemoryError) or (isinstance(error, ImportError) and _names(text, *_NO_MEMORY)):
        todo = "End other programs, raise the limit on memory, or give less at a time."
        return NorthstarError("memory", [Fault("system", "as much as the work needs", text, todo)])
    if _names(text, _NO_THREAD):
        todo = "End other programs, or raise the limit on processes (ulimit -u)."
        return NorthstarError("threads", [Fault("system", "as many as the work needs", text, todo)])
    if isinstance(error, OSError):
        leave_stdout()  # it may have been stdout that failed, in the help
        where = str(error.filename) if error.filename else "files"
        got = error.strerror or text
        return NorthstarError(where, [Fault("system", "what can be read and written", got, "Check it, and try again.")])
    return None


def _names(text: str, *signs: str) -> bool:
    return any(sign in text.lower() for sign in signs)


@contextlib.contextmanager
def _signals_raise() -> Iterator[None]:
    """Have the signals that ask a process to end raise `Interrupted` in it; those that it ignores, as under nohup, stay
    ignored."""
    if threading.current_thread() is not threading.main_thread():  # only there can Python change what a signal does
        yield
        return
    last = [-_ONCE_PER_S]
    report_lost = sys.unraisablehook

    def interrupt(number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - last[0] >= _ONCE_PER_S:
            last[0] = now
            raise Interrupted(number)

    def send_again(lost: sys.UnraisableHookArgs) -> None:
        """Python drops what is raised while it puts an object away; a signal that came just then would be lost."""
        if not isinstance(lost.exc_value, Interrupted):
            report_lost(lost)
            return
        last[0] = -_ONCE_PER_S
        # Later, as it would be dropped here too.
        sender = threading.Timer(_AGAIN_AFTER_S, os.kill, (os.getpid(), lost.exc_value.number))
        sender.daemon = True
        sender.start()

    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    # None stands for a handler that was set in C, which Python could not restore.
    before = {number: handler for number, handler in before.items() if handler not in (signal.SIG_IGN, None)}
    for number in before:
        signal.signal(number, interrupt)
    sys.unraisablehook = send_again
    try:
        yield
    finally:
        sys.unraisablehook = report_lost
        for number, handler in before.items():
            signal.signal(number, handler)
