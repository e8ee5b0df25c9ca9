"""The notebook of the examples: it runs from top to bottom, shows what it promises, and is stored without outputs."""

from __future__ import annotations

from pathlib import Path

import nbclient
import nbformat
import pytest

NOTEBOOK = Path(__file__).parent.parent / "examples/notebook.ipynb"


def test_the_notebook_is_stored_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    assert notebook.metadata.kernelspec.name == "python3"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    for cell in code:
        assert (cell.outputs, cell.execution_count) == ([], None)


@pytest.mark.slow
def test_the_notebook_runs_and_shows_model_segment_shape_and_scores() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    shown = [output.data for cell in notebook.cells for output in cell.get("outputs", ()) if "data" in output]
    html = "\n".join(data["text/html"] for data in shown if "text/html" in data)
    for text in (
        "Segments</caption>",
        "Furthest from the average of all customers",
        "data:image/svg+xml;base64,",
        "reason_1",
    ):
        assert text in html
    streams = [output.name for cell in notebook.cells for output in cell.get("outputs", ()) if "name" in output]
    assert streams == ["stdout"]  # no warnings on stderr
