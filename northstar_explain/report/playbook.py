"""The playbook: an overview, then one page a segment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from northstar_explain import tables
from northstar_explain.model import Model
from northstar_explain.report.charts import index_bar
from northstar_explain.report.facts import playbook_facts
from northstar_explain.report.render import html, pdf


def write_playbook(
    model: Model, folder: Path, overwrite: bool = False, progress: Callable[[str], None] = lambda stage: None
) -> Path:
    """Write ``playbook.pdf``.

    Parameters
    ----------
    model : Model
    folder : Path
        Where to put it; made when it is not there.
    overwrite : bool, default False
    progress : callable
        Told each stage as it begins.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    OutputError
        When it exists already or cannot be written.
    """
    path = folder / "playbook.pdf"
    tables.require_free(path, overwrite)
    progress("collecting the facts")
    page = html("playbook.html.j2", book=playbook_facts(model), index_bar=index_bar)
    progress("setting the pages")
    data = pdf(page, "playbook.css")
    with tables.replacing(path) as beside:
        beside.write_bytes(data)
    return path
