"""A PostgreSQL server of the tests' own: started in a folder below /tmp, asked through psql, and gone afterwards."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
from programs import require

_TYPES = {
    pa.int32(): "integer", pa.int64(): "bigint", pa.float32(): "real", pa.float64(): "double precision",
    pa.bool_(): "boolean", pa.date32(): "date", pa.null(): "text",
}  # fmt: skip
_PROGRAMS = ("initdb", "postgres", "psql", "pg_isready")
# Nothing here must survive a power cut.
_SETTINGS = {"listen_addresses": "", "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, the newest where there are several."""
    # Debian keeps them apart from those that everybody runs, a folder for each version.
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    on_path = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep)]
    whole = (folder for folder in (*debian, *on_path) if all((folder / name).exists() for name in _PROGRAMS))
    return next(whole, None)


class Postgres:
    """A running server; a call runs SQL over tables that exist for this call alone."""

    def __init__(self, bin: Path, folder: Path):
        self._bin, self.folder = bin, folder

    def __call__(self, sql: str, tables: Mapping[str, pa.Table]) -> pa.Table:
        """The result of a query over tables of Arrow."""
        return self.last_result([], sql, tables)

    def last_result(self, before: list[str], query: str, tables: Mapping[str, pa.Table]) -> pa.Table:
        """The result of a query after statements, over tables of Arrow."""
        with tempfile.TemporaryDirectory(dir=self.folder) as place:
            made = [
                statement
                for number, (name, table) in enumerate(tables.items())
                for statement in _made(name, table, Path(place) / f"{number}.csv")
            ]
            # As JSON, values keep their types, doubles every bit, and a row is a line.
            asked = f"SELECT row_to_json(found) FROM (\n{query.rstrip().removesuffix(';')}\n) AS found;\n"
            lines = self.psql("".join([*made, *before, asked])).split("\n")
        return pa.Table.from_pylist([json.loads(line) for line in lines if line])

    def keep(self, name: str, table: pa.Table) -> None:
        """Make a table that stays."""
        with tempfile.TemporaryDirectory(dir=self.folder) as place:
            create, *others = _made("kept", table, Path(place) / "0.csv")
            self.psql("".join([create, *others, f"CREATE TABLE {name} AS SELECT * FROM kept;\n"]))

    def psql(self, script: str) -> str:
        """What psql prints for a script; a statement that fails fails the test with the server's words."""
        connection = f"-h {self.folder} -U tests -d postgres -XqAt -v ON_ERROR_STOP=1"
        call = [str(self._bin / "psql"), *connection.split()]
        done: subprocess.CompletedProcess[str] = subprocess.run(
            call, input=script, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server that ends with the block."""
    bin = programs()
    require(bin, "PostgreSQL", "postgresql")
    assert bin is not None
    # Not pytest's folder: only its owner may enter that, and a path to a socket is short.
    folder = Path(tempfile.mkdtemp(prefix="ns-pg-"))
    user = _owner(folder)
    server = None
    try:
        data = folder / "data"
        call = [
            str(bin / "initdb"),
            "-D",
            str(data),
            "-A",
            "trust",
            "-U",
            "tests",
            "-E",
            "UTF8",
            "--locale",
            "C.UTF-8",
            "-N",
        ]
        _run(call, folder, user)
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [bin / "postgres", "-D", data, "-k", folder, *settings], cwd=folder, stdout=log, stderr=log, **user
            )
        wait = [str(bin / "pg_isready"), "-q", "-h", str(folder)]
        for _ in range(600):
            if subprocess.run(wait, check=False, cwd=folder).returncode == 0:
                break
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        yield Postgres(bin, folder)
    finally:
        if server is not None:
            server.terminate()
            server.wait(60)
        shutil.rmtree(folder)


def _owner(folder: Path) -> dict[str, Any]:
    """Whom to run the server as, who then owns the folder: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    names = {one.pw_name for one in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _run(call: list[str], folder: Path, user: dict[str, Any]) -> None:
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False, **user)
    assert done.returncode == 0, done.stderr


def _made(name: str, table: pa.Table, path: Path) -> Iterator[str]:
    """The lines of a script that make a table and fill it from a file."""
    quoted = _quoted(name)
    columns = ", ".join(f"{_quoted(field.name)} {_type(field.type)}" for field in table.schema)
    pa.csv.write_csv(table, path, pa.csv.WriteOptions(include_header=False))
    yield f"CREATE TEMPORARY TABLE {quoted} ({columns});\n"
    yield f"\\copy {quoted} FROM '{path}' WITH (FORMAT csv)\n"
    yield f"ANALYZE {quoted};\n"


def _type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"numeric({kind.precision},{kind.scale})"
    return "timestamp" if pa.types.is_timestamp(kind) else _TYPES.get(kind, "text")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
