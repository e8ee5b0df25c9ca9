"""A model's facts as text for a terminal."""

from __future__ import annotations

from northstar_explain.cli.purchase_tables import purchase_lines
from northstar_explain.cli.segment_tables import segment_lines
from northstar_explain.model import Model


def facts_text(model: Model) -> str:
    """The facts people ask for first.

    Parameters
    ----------
    model : Model

    Returns
    -------
    str
        Several lines, without one at the end.
    """
    return "\n".join([*_head(model), "", *purchase_lines(model), "", *segment_lines(model)])


def _head(model: Model) -> list[str]:
    data = model.manifest["data"]
    rejected = f", {data['rejected']:,} rejected" if data["rejected"] else ""
    return [
        f"{model.contract.title}",
        f"model {model.id} of {model.manifest['date']}: {data['rows']:,} rows{rejected}",
    ]
