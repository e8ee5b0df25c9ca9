"""The model folder: building a model from its components, and writing it as plain files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from northstar_explain import tables
from northstar_explain.contract.features import Contract
from northstar_explain.errors import ContractError
from northstar_explain.model import names, parsing, points, segments
from northstar_explain.model.evaluation import Evaluation
from northstar_explain.model.evaluation import to_json as facts_to_json
from northstar_explain.model.folder_format import FILES, FORMAT, MANIFEST, SEAL, identity, json_bytes, seal_of, sha256
from northstar_explain.model.golden_scores import with_expected
from northstar_explain.model.holdout_evidence import Evidence
from northstar_explain.model.learned_model import Model, Purchase
from northstar_explain.model.names import Names
from northstar_explain.model.scorecard import Scorecard
from northstar_explain.model.segments import Segmentation

_REWORD = "Two features have ambiguous words: change them in the contract."


def build(
    contract: Contract,
    segmentation: Segmentation,
    scorecard: Scorecard,
    purchase: Purchase,
    evaluation: Evaluation,
    golden: pa.Table,
    shapes: pa.Table,
    drift: pa.Table,
    evidence: Evidence,
    about: dict[str, Any],
) -> Model:
    """Build a model from its components.

    Parameters
    ----------
    golden : pyarrow.Table
        Hard rows as `contract.check` returns them; their expected scores are added here.
    shapes, drift : pyarrow.Table
        See `evaluate.shape_counts` and `evaluate.drift_baseline`.
    evidence : Evidence
        Scores and labels of the holdout, and the set of every row.
    about : dict
        Facts of the training for the manifest: data, seed, versions, machine, date.

    Returns
    -------
    Model

    Raises
    ------
    ContractError
        When the words of a rule, in the contract's phrases, do not parse back to the rule.
    """
    # First of all: the manifest hashes the golden rows with the scores that they must give.
    golden = with_expected(golden, contract, segmentation, scorecard)
    in_words = segments.to_json(segmentation, contract)
    # Before anything is written: words that people read and rules that assign customers must not come apart.
    if faults := parsing.misread(in_words, segmentation, contract):
        raise ContractError(contract.title, [replace(fault, todo=_REWORD) for fault in faults])
    files = {
        # As its author wrote it, comments and order included, and not as it was parsed.
        "contract.toml": contract.text.encode(),
        "segments.json": json_bytes(in_words),
        "scorecard.parquet": tables.parquet_bytes(points.to_table(scorecard)),
        "purchase.json": json_bytes(purchase.__dict__),
        "evaluation.json": json_bytes(facts_to_json(evaluation)),
        "golden.parquet": tables.parquet_bytes(golden),
        "shapes.parquet": tables.parquet_bytes(shapes),
        "drift.parquet": tables.parquet_bytes(drift),
        **evidence.files(),
    }
    manifest = {
        "format": FORMAT,
        "model_id": identity(files),
        **about,
        "files": {name: sha256(data) for name, data in files.items()},
    }
    manifest[SEAL] = seal_of(manifest)
    id = str(manifest["model_id"])
    return Model(id, contract, segmentation, scorecard, purchase, evaluation, golden, shapes, drift, manifest, files)


def require_place(path: Path, overwrite: bool) -> None:
    """Raise OutputError unless a model folder may be written there: the path is free, or another model is replaced."""
    tables.require_apart([path], replaces=path)
    tables.settle(path)  # a model that a killed run had begun to put there counts as being there
    tables.require_free(path, overwrite and (path / MANIFEST).is_file(), folder=True)
    if path.is_dir():
        # An older format had other files, which may go as well: they are a model's, and nobody's own.
        ours = {*FILES, *_listed(path), MANIFEST, names.FILE}
        tables.require_only(path, ours.__contains__, "a model folder")


def _listed(path: Path) -> list[str]:
    """The files in a manifest, also of an older format."""
    try:
        # An older model may be replaced, although it cannot be loaded.
        return list(json.loads((path / MANIFEST).read_bytes())["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return []


def save(
    model: Model, path: Path | str, overwrite: bool = False, publication: tables.Publication | None = None
) -> Names:
    """Write a model folder, whole or not at all.

    Names that people gave to segments are kept: the model's own, and those of the folder it replaces for segments
    whose ids still exist.

    Parameters
    ----------
    model : Model
    path : path
        The folder to create.
    overwrite : bool, default False
        Replace an existing model folder; anything else at the path is refused.
    publication : tables.Publication, optional
        Publishes the folder together with other outputs; by itself where not given.

    Returns
    -------
    Names
        The names of the segments, and which names of the replaced folder could not be kept.

    Raises
    ------
    OutputError
        When the path is not free, or cannot be written.
    ModelError
        When the names in the folder to replace cannot be read.
    """
    path = Path(path)
    require_place(path, overwrite)
    # A model that was loaded carries the names of people already; a name that is dropped falls back to the learned one.
    learned = names.as_learned(model.segmentation, model.names)
    # Read from the folder that is about to be replaced: what people wrote there would go with it.
    carried = names.carry(names.read(path), learned, model.names)
    files = {**model.files, MANIFEST: json_bytes(model.manifest)}
    if carried.text:
        files[names.FILE] = carried.text.encode()
    if publication is None:
        tables.publish_folder(path, files)
    else:
        publication.stage_folder(path, files)
    return carried
