"""The model folder: the learned model as plain files, with a manifest that holds the SHA-256 of each.

Format 5. To change the format: raise FORMAT, say in the CHANGELOG what changed, and have `load` refuse older folders
with the command that makes a new one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from northstar_explain import contract as contracts
from northstar_explain import tables
from northstar_explain.contract import Contract, columns_of
from northstar_explain.errors import ContractError, Fault, ModelError
from northstar_explain.model import names, parsing, points, segments
from northstar_explain.model.evaluation import Evaluation, FactError
from northstar_explain.model.evaluation import from_json as facts_from_json
from northstar_explain.model.evaluation import to_json as facts_to_json
from northstar_explain.model.lookup import Lookup
from northstar_explain.model.names import Names
from northstar_explain.model.rules import assign
from northstar_explain.model.scorecard import Scorecard, sigmoid
from northstar_explain.model.segments import Segmentation

FORMAT = 5
FILES = (
    "contract.toml",
    "segments.json",
    "scorecard.parquet",
    "purchase.json",
    "evaluation.json",
    "golden.parquet",
    "shapes.parquet",
    "drift.parquet",
)
MANIFEST = "manifest.json"
SEAL = "manifest_sha256"  # of the manifest without this key, so that a change of the manifest is noticed too
EXPECTED = ("expected_segment", "expected_probability")
INTERPRET_PROBABILITY = "interpret_probability"  # of a golden row: interpret's own prediction at training
_TOLERANCE = 1e-12
_REWORD = "Two features have ambiguous words: change them in the contract."
_CHANGED = "Restore the file, or train again: a changed model is not used."


@dataclass(frozen=True)
class Purchase:
    """The purchase model's numbers beside the scorecard.

    Attributes
    ----------
    intercept : float
        Log-odds of the average customer.
    threshold : float
        Probability from which a customer counts as a likely buyer; chosen on validation rows for F1.
    percentiles : tuple of float
        1,001 quantiles of the probability over the training population, lowest first.
    ranges : mapping of str to (float, float)
        Lowest and highest known value of each numeric feature among the training customers.
    """

    intercept: float
    threshold: float
    percentiles: tuple[float, ...]
    ranges: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Model:
    """The content of a model folder.

    Attributes
    ----------
    id : str
        Derived from the content: two models with the same contract, rules and points have the same id.
    contract : Contract
    segmentation : Segmentation
    scorecard : Scorecard
    purchase : Purchase
    evaluation : Evaluation
        Every reported figure.
    golden : pyarrow.Table
        Hard rows and their expected scores.
    shapes : pyarrow.Table
        Outcomes of customers in each bin of the scorecard.
    drift : pyarrow.Table
        Distribution of the training customers: the baseline of later tables.
    manifest : dict
    files : mapping of str to bytes
        The bytes of the folder's files, except the manifest.
    names : Names
        Names that people gave to segments, already applied to `segmentation`.
    folder : Path or None
        The folder it was loaded from.
    """

    id: str
    contract: Contract
    segmentation: Segmentation
    scorecard: Scorecard
    purchase: Purchase
    evaluation: Evaluation
    golden: pa.Table
    shapes: pa.Table
    drift: pa.Table
    manifest: dict[str, Any]
    files: Mapping[str, bytes]
    names: Names = field(default_factory=Names)
    folder: Path | None = field(default=None, compare=False, repr=False)

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The folder, which no output may overwrite, if the model was loaded from one."""
        return () if self.folder is None else (self.folder,)

    @cached_property
    def lookup(self) -> Lookup:
        """The scorecard prepared for many rows."""
        return Lookup(self.scorecard)


def build(
    contract: Contract,
    segmentation: Segmentation,
    scorecard: Scorecard,
    purchase: Purchase,
    evaluation: Evaluation,
    golden: pa.Table,
    shapes: pa.Table,
    drift: pa.Table,
    about: dict[str, Any],
) -> Model:
    """Build a model from its components.

    Parameters
    ----------
    golden : pyarrow.Table
        Hard rows as `contract.check` returns them; their expected scores are added here.
    shapes, drift : pyarrow.Table
        See `evaluate.shape_counts` and `evaluate.drift_baseline`.
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
    golden = _with_expected(golden, contract, segmentation, scorecard)
    in_words = segments.to_json(segmentation, contract)
    if faults := parsing.misread(in_words, segmentation, contract):
        raise ContractError(contract.title, [replace(fault, todo=_REWORD) for fault in faults])
    files = {
        "contract.toml": contract.text.encode(),
        "segments.json": json_bytes(in_words),
        "scorecard.parquet": tables.parquet_bytes(points.to_table(scorecard)),
        "purchase.json": json_bytes(purchase.__dict__),
        "evaluation.json": json_bytes(facts_to_json(evaluation)),
        "golden.parquet": tables.parquet_bytes(golden),
        "shapes.parquet": tables.parquet_bytes(shapes),
        "drift.parquet": tables.parquet_bytes(drift),
    }
    manifest = {
        "format": FORMAT,
        "model_id": _identity(files),
        **about,
        "files": {name: _sha256(data) for name, data in files.items()},
    }
    manifest[SEAL] = _seal(manifest)
    id = str(manifest["model_id"])
    return Model(id, contract, segmentation, scorecard, purchase, evaluation, golden, shapes, drift, manifest, files)


def require_place(path: Path, overwrite: bool) -> None:
    """Raise OutputError unless a model folder may be written there: the path is free, or another model is replaced."""
    tables.require_apart([path], replaces=path)
    tables.settle(path)  # a model that a killed run had begun to put there counts as being there
    tables.require_free(path, overwrite and (path / MANIFEST).is_file(), folder=True)
    if path.is_dir():
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
    learned = names.as_learned(model.segmentation, model.names)
    carried = names.carry(names.read(path), learned, model.names)
    files = {**model.files, MANIFEST: json_bytes(model.manifest)}
    if carried.text:
        files[names.FILE] = carried.text.encode()
    if publication is None:
        tables.publish_folder(path, files)
    else:
        publication.stage_folder(path, files)
    return carried


def load(path: Path | str) -> Model:
    """Read a model folder, verify the SHA-256 of every file, and score the golden rows again.

    A folder that is replaced while it is read is read once more.

    Parameters
    ----------
    path : path

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        When the folder is not a model folder, is of another format, was changed, or does not score as at training,
        or when the words of its segments do not parse back to their rules.
    """
    path = Path(path)
    tables.settle(path)
    before = _fingerprint(path)
    try:
        model = _load(path)
    except ModelError:
        if _fingerprint(path) == before:
            raise
    else:
        # The manifest does not cover the names: compare once more, so that they are from the same folder as the rest.
        if _fingerprint(path) == before:
            return model
    return _load(path)


def _fingerprint(path: Path) -> tuple[int, ...]:
    """Identifies the folder at a path, so that a replacement while reading is noticed; empty without a folder."""
    try:
        folder, manifest = path.stat(), (path / MANIFEST).stat()
    except OSError:
        return ()
    return folder.st_dev, folder.st_ino, manifest.st_ino, manifest.st_mtime_ns


def _load(path: Path) -> Model:
    manifest = _read_manifest(path)
    files = _read_files(path, manifest)
    # In order of dependence: the contract gives meaning to rules, rules to names.
    with _decoding(path, "contract.toml"):
        contract = contracts.parse(files["contract.toml"].decode(), str(path / "contract.toml"), sealed=True)
    with _decoding(path, "purchase.json"):
        purchase = _purchase(json.loads(files["purchase.json"]))
    with _decoding(path, "segments.json"):
        in_words = json.loads(files["segments.json"])
        segmentation = segments.from_json(in_words, contract)
    if faults := parsing.misread(in_words, segmentation, contract):
        raise ModelError(str(path), [replace(fault, todo=_CHANGED) for fault in faults])
    named, given = names.apply(names.read(path), segmentation, path)
    with _decoding(path, "evaluation.json"):
        facts = json.loads(files["evaluation.json"])
    evaluation = _evaluation(path, facts)
    stored: dict[str, pa.Table] = {}
    for name in ("scorecard", "golden", "shapes", "drift"):
        with _decoding(path, f"{name}.parquet"):
            stored[name] = tables.read_parquet_bytes(files[f"{name}.parquet"])
    with _decoding(path, "scorecard.parquet"):
        scorecard = points.from_table(stored.pop("scorecard"), purchase.intercept)
    model = Model(
        id=str(manifest["model_id"]),
        contract=contract,
        segmentation=named,
        scorecard=scorecard,
        purchase=purchase,
        evaluation=evaluation,
        manifest=manifest,
        files=files,
        names=given,
        folder=path,
        **stored,
    )
    with _decoding(path, "golden.parquet"):
        _require_golden(path, model)
    return model


@contextlib.contextmanager
def _decoding(path: Path, name: str) -> Iterator[None]:
    """Name the file whose content is wrong although its hash is right, as when both were written by another program."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        got = f"{type(error).__name__}: {str(error)[:200]}"
        raise ModelError(str(path), [Fault(name, "what `explain train` writes there", got, _CHANGED)]) from error


def _evaluation(path: Path, stored: Any) -> Evaluation:
    try:
        return facts_from_json(stored, Evaluation)
    except FactError as error:
        faults = [replace(one, where=f"evaluation.json, {one.where}") for one in error.faults]
        raise ModelError(str(path), faults) from error


def follow(model: Model, earlier: Model) -> Model:
    """The model with the names that people gave to the segments of the model it continues.

    Parameters
    ----------
    model : Model
        Newly trained; segments found again keep their ids.
    earlier : Model

    Returns
    -------
    Model
    """
    named, given = names.apply(names.carry(earlier.names, model.segmentation), model.segmentation, Path())
    return replace(model, segmentation=named, names=given)


def _purchase(data: dict[str, Any]) -> Purchase:
    # JSON has lists where the model has tuples.
    ranges = {name: (low, high) for name, (low, high) in data["ranges"].items()}
    return Purchase(data["intercept"], data["threshold"], tuple(data["percentiles"]), ranges)


def json_bytes(data: Any) -> bytes:
    """Indented JSON, the same bytes for the same data; raises ValueError for NaN, which JSON does not have."""
    return (json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _identity(files: Mapping[str, bytes]) -> str:
    # Only what decides a score: evaluation and golden rows follow from it.
    deciding = ("contract.toml", "segments.json", "scorecard.parquet", "purchase.json")
    return "m-" + _sha256("".join(_sha256(files[name]) for name in deciding).encode())[:12]


def _seal(manifest: Mapping[str, Any]) -> str:
    return _sha256(json_bytes({key: value for key, value in manifest.items() if key != SEAL}))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((path / MANIFEST).read_bytes())
        version = manifest["format"]
        complete = set(manifest["files"]) >= set(FILES) and "model_id" in manifest
        seal = _seal(manifest)
    except (OSError, ValueError, KeyError, TypeError) as error:
        todo = "Check the path; `explain train` makes a model folder."
        raise ModelError(str(path), [Fault(MANIFEST, "a model's manifest", str(error), todo)]) from error
    if version != FORMAT or not complete:
        got = f"format {version}" if version != FORMAT else "an incomplete list of files"
        todo = "Train the model again with this version."
        raise ModelError(str(path), [Fault(MANIFEST, f"a manifest of format {FORMAT}", got, todo)])
    expected = str(manifest.get(SEAL))
    if seal != expected:
        raise ModelError(str(path), [Fault(MANIFEST, f"SHA-256 {expected[:12]}…", f"{seal[:12]}…", _CHANGED)])
    return manifest


def _read_files(path: Path, manifest: dict[str, Any]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    faults = []
    for name in FILES:
        try:
            files[name] = (path / name).read_bytes()
        except OSError as error:
            faults.append(Fault(name, "the file as it was saved", error.strerror or str(error), _CHANGED))
            continue
        expected, got = manifest["files"][name], _sha256(files[name])
        if got != expected:
            faults.append(Fault(name, f"SHA-256 {expected[:12]}…", f"{got[:12]}…", _CHANGED))
    if faults:
        raise ModelError(str(path), faults)
    # The id is stored for people; it must still follow from the files.
    if _identity(files) != manifest["model_id"]:
        got = str(manifest["model_id"])
        raise ModelError(str(path), [Fault(MANIFEST, f"model_id {_identity(files)}", got, _CHANGED)])
    return files


def _with_expected(golden: pa.Table, contract: Contract, tree: Segmentation, card: Scorecard) -> pa.Table:
    expected = _score_golden(golden, contract, tree, card)
    for name, values in zip(EXPECTED, expected, strict=True):
        golden = golden.append_column(name, pa.array(values))
    return golden


def _score_golden(
    golden: pa.Table, contract: Contract, segmentation: Segmentation, scorecard: Scorecard
) -> tuple[np.ndarray, np.ndarray]:
    columns = columns_of(golden, contract.features)
    return assign(segmentation.tree, columns), scorecard.probability(columns)


def _require_golden(path: Path, model: Model) -> None:
    columns = columns_of(model.golden, model.contract.features)
    segment, probability = assign(model.segmentation.tree, columns), sigmoid(model.lookup(columns).logit)
    wanted, wanted_probability = (model.golden[name].to_numpy(zero_copy_only=False) for name in EXPECTED)
    # Exponentials may differ between processors in the last bits: segments must be equal, probabilities nearly so.
    wrong = np.flatnonzero((segment != wanted) | (np.abs(probability - wanted_probability) > _TOLERANCE))
    if len(wrong):
        row = int(wrong[0])
        expected = f"segment {wanted[row]}, probability {wanted_probability[row]:.6f}"
        got = f"{segment[row]}, {probability[row]:.6f}"
        todo = "This version does not score as the one that made the model: do not use it; report this."
        raise ModelError(str(path), [Fault(f"golden row {row + 1}", expected, got, todo)])
