"""Score tables on object storage, such as S3, through PyArrow's file systems: model, customers and scores are there.

    python examples/object_storage.py s3://bucket/model s3://bucket/week s3://bucket/scores

Nothing can be renamed there. So the manifest of the scores is removed first and written last, and whoever reads them
reads the manifest first and checks each file against it: scores that are half written are never taken for whole.
Another server than Amazon's is part of the URL: s3://bucket/model?endpoint_override=127.0.0.1:5000&scheme=http
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from pyarrow import fs, parquet

from northstar_explain import score
from northstar_explain.contract.customer_ids import id_keys, id_texts
from northstar_explain.errors import Fault, NorthstarError, OutputError, TableError
from northstar_explain.model import Model, load

MANIFEST = "manifest.json"


def fetched_model(url: str) -> Model:
    """The model of a folder on object storage; loading checks every hash and scores its golden rows."""
    files, path = fs.FileSystem.from_uri(url)
    with TemporaryDirectory(prefix="northstar-") as folder:
        place = Path(folder) / "model"
        place.mkdir()
        fs.copy_files(path, str(place), source_filesystem=files, destination_filesystem=fs.LocalFileSystem())
        return load(place)


def score_there(model_url: str, customers_url: str, out_url: str) -> dict[str, object]:
    """Score every Parquet file of a folder into one file each; returns the manifest."""
    model = fetched_model(model_url)
    source, customers = fs.FileSystem.from_uri(customers_url)
    target, out = fs.FileSystem.from_uri(out_url)
    if _exists(target, f"{out}/{MANIFEST}"):
        target.delete_file(f"{out}/{MANIFEST}")  # from here on the folder says itself that it is not whole
    listed = source.get_file_info(fs.FileSelector(customers, recursive=True))
    tables = sorted(one.path for one in listed if one.path.endswith(".parquet"))
    repeated = _repeated(source, tables, model.contract.id)
    parts: dict[str, dict[str, object]] = {}
    rows = rejected = 0
    for number, path in enumerate(tables):
        pieces = list(score.batches(model, _batches(source, path), repeated))
        scores = pa.Table.from_batches([piece.scores for piece in pieces])
        data = _bytes(scores)
        name = f"part-{number:05}.parquet"
        with target.open_output_stream(f"{out}/{name}") as file:
            file.write(data)
        parts[name] = {"rows": scores.num_rows, "sha256": hashlib.sha256(data).hexdigest()}
        rows += scores.num_rows
        rejected += sum(piece.rejected.num_rows for piece in pieces)
    manifest: dict[str, object] = {"model_id": model.id, "scored": rows, "rejected": rejected, "parts": parts}
    with target.open_output_stream(f"{out}/{MANIFEST}") as file:
        file.write(json.dumps(manifest, indent=1).encode())
    return manifest


def read_scores(url: str) -> pa.Table:
    """The scores of a folder, checked against its manifest.

    Raises
    ------
    TableError
        When there is no manifest, or a file is not the one that it lists: the scores are not whole.
    """
    files, path = fs.FileSystem.from_uri(url)
    todo = "Wait until the run that writes them has ended, or run it again."
    if not _exists(files, f"{path}/{MANIFEST}"):
        raise TableError(url, [Fault(MANIFEST, "the list of all files", "none", todo)])
    with files.open_input_stream(f"{path}/{MANIFEST}") as file:
        parts = json.loads(file.read())["parts"]
    tables = []
    for name, facts in parts.items():
        data = b""
        if _exists(files, f"{path}/{name}"):
            with files.open_input_stream(f"{path}/{name}") as file:
                data = file.read()
        if hashlib.sha256(data).hexdigest() != facts["sha256"]:
            raise TableError(url, [Fault(name, "the file of the manifest", "another, or none", todo)])
        tables.append(parquet.read_table(pa.BufferReader(data)))
    if not tables:
        raise TableError(url, [Fault(MANIFEST, "at least one file", "none", todo)])
    return pa.concat_tables(tables)


def _batches(files: fs.FileSystem, path: str) -> Iterator[pa.RecordBatch]:
    with files.open_input_file(path) as file:
        yield from parquet.ParquetFile(file).iter_batches()


def _repeated(files: fs.FileSystem, paths: Sequence[str], id: str) -> list[str]:
    """Ids that occur more than once anywhere, of which every row is rejected."""
    counts: Counter[str] = Counter()
    for path in paths:
        with files.open_input_file(path) as file:
            ids = parquet.ParquetFile(file).read([id])[id]
        counts.update(one for one in id_keys(id_texts(ids)).to_pylist() if one)
    return [key for key, count in counts.items() if count > 1]


def _exists(files: fs.FileSystem, path: str) -> bool:
    return bool(files.get_file_info(path).type == fs.FileType.File)


def _bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    return data


def main(arguments: Sequence[str]) -> int:
    """Score; returns the exit code."""
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        manifest = score_there(*arguments)
    except OSError as error:  # of the storage: no such bucket, no permission
        print(OutputError(arguments[2], [Fault("storage", "one that answers", str(error))]), file=sys.stderr)
        return 1
    except NorthstarError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{arguments[2]}: {manifest['scored']:,} rows scored, {manifest['rejected']:,} rejected")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
