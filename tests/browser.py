"""A real headless browser for tests: the system's own Chromium, driven by Playwright."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def chromium() -> str | None:
    """The browser's program, where the machine has one."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if (found := shutil.which(name))), None)


@dataclass
class Visit:
    """A page that is open, and everything that should not happen on it."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextlib.contextmanager
def running() -> Iterator[Any]:
    """The browser; only one can run in a process at a time."""
    from playwright.sync_api import sync_playwright

    # A browser run by root cannot shut itself in; a page of our own making is all that it opens.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium(), args=options)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def visiting(browser: Any, path: Path, width: int = 1280, height: int = 900, place: str = "") -> Iterator[Visit]:
    """Open a file, and note errors of the console and requests to anything but the file.

    Parameters
    ----------
    browser : Browser
    path : Path
    width, height : int
        Of the window, in CSS pixels.
    place : str, default ""
        Where in the file: the end of its address, from ``#`` on.

    Yields
    ------
    Visit
    """
    page = browser.new_page(viewport={"width": width, "height": height})
    visit = Visit(page)
    page.on("console", lambda said: visit.errors.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: visit.errors.append(str(error)))
    page.on("request", lambda request: visit.requests.append(request.url))
    page.goto(path.as_uri() + place)
    visit.requests.remove(path.as_uri())
    try:
        yield visit
    finally:
        page.close()
