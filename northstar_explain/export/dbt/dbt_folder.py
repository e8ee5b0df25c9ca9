"""The model as a dbt package on disk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from northstar_explain import tables
from northstar_explain.errors import Fault, NorthstarError
from northstar_explain.export.dbt.dbt_macros import sql_files
from northstar_explain.export.dbt.dbt_readme import readme
from northstar_explain.export.dbt.dbt_seeds import Seed, seeds
from northstar_explain.export.dbt.dbt_yaml import yaml_files
from northstar_explain.export.sql.jinja_sql import table_parts
from northstar_explain.model.learned_model import Model
from northstar_explain.options import DIALECTS, ScoringOptions

# dbt has no adapter of its own or of a vendor for SQLite.
_WITHOUT_DBT = ("sqlite",)
# What dbt writes into the folder of a project that it runs.
_OF_DBT = ("target", "logs", "dbt_packages")
_SEED = re.compile(r"seeds/northstar_\w+_(cuts|categories|points|golden)\.csv")


@dataclass(frozen=True)
class WrittenDbt:
    """A dbt package.

    Attributes
    ----------
    folder : Path
    files : int
    """

    folder: Path
    files: int


def write_dbt(model: Model, to: str, out: Path, customers: str = "customers", overwrite: bool = False) -> WrittenDbt:
    """Write the model as a dbt package, complete or not at all.

    Parameters
    ----------
    model : Model
    to : str
        One of `DIALECTS` that dbt has an adapter for: all but SQLite.
    out : Path
        The folder of the package.
    customers : str, default "customers"
        The table of customers, with schema and catalog where they are not those of the dbt profile.
    overwrite : bool, default False
        Replace a package that is there.

    Returns
    -------
    WrittenDbt

    Raises
    ------
    NorthstarError
        When dbt has no adapter, or a name or a text of the model cannot be written in the dialect or in a seed.
    OutputError
        When the folder is not free, or holds other files, or cannot be written.
    """
    if to in _WITHOUT_DBT:
        expected = (
            f"one of {', '.join(one for one in DIALECTS if one not in _WITHOUT_DBT)}, which dbt has an adapter for"
        )
        raise NorthstarError("--dialect", [Fault("dialect", expected, to, "Take explain sql without --dbt.")])
    tables.require_apart([out], model.inputs)
    tables.require_free(out, overwrite, folder=True)
    made = seeds(model)
    texts = {
        "README.md": readme(model, to),
        **yaml_files(model, to, table_parts(customers, to), made),
        **sql_files(model, to, made, ScoringOptions.max_rejected),
    }
    files = {**{name: text.encode() for name, text in texts.items()}, **_csv_files(made)}
    if out.is_dir():
        tables.require_only(out, lambda name: _is_of_a_package(name, files), "a dbt package of a model")
    tables.publish_folder(out, files)
    return WrittenDbt(out, len(files))


def _csv_files(made: dict[str, Seed]) -> dict[str, bytes]:
    return {f"seeds/{seed.name}.csv": tables.csv_bytes(seed.table) for seed in made.values()}


def _is_of_a_package(name: str, files: dict[str, bytes]) -> bool:
    return name in files or bool(_SEED.fullmatch(name)) or name.split("/")[0] in _OF_DBT or name == ".user.yml"
