"""A model's facts as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from northstar_explain.cli.purchase_tables import purchase_lines
from northstar_explain.cli.segment_tables import segment_lines
from northstar_explain.cli.trait_table import trait_lines
from northstar_explain.model.learned_model import Model


def facts_text(model: Model) -> str:
    """The main facts of a model, for `explain show`.

    Parameters
    ----------
    model : Model

    Returns
    -------
    str
        Several lines, without a newline at the end.
    """
    return "\n".join([*_head(model), "", *purchase_lines(model), "", *segment_lines(model), *trait_lines(model)])


def _head(model: Model) -> list[str]:
    data = model.manifest["data"]
    rejected = f", {data['rejected']:,} rejected" if data["rejected"] else ""
    return [
        f"{model.contract.title}",
        f"model {model.id} of {model.manifest['date']}: {data['rows']:,} rows{rejected}",
        *_sampled(data.get("fit_rows", {})),
    ]


def _sampled(fitted: Mapping[str, Mapping[str, int]]) -> list[str]:
    """A line where a fit used a sample of the rows; older manifests do not have the numbers."""
    samples = [f"{name} to {one['used']:,} of {one['of']:,}" for name, one in fitted.items() if one["used"] < one["of"]]
    return [f"  fitted to a random sample of the rows: {', '.join(samples)}"] if samples else []
