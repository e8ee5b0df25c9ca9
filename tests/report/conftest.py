"""Fixtures of the audit tests: the hostile model, its pack, and a copy that a test may damage."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import hostile as hostile_model
import pyarrow.compute as pc
import pytest
from typeset_once import keep_typeset

from northstar_explain import api, tables
from northstar_explain.model import Model, points
from northstar_explain.model.folder_format import DECIDING, identity
from northstar_explain.report.audit.about import About
from northstar_explain.report.audit.pack.write_pack import WrittenPack


@pytest.fixture(scope="session")
def hostile() -> Model:
    return hostile_model.model()


@pytest.fixture(scope="session")
def earlier(hostile: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What decides the scores of a model like the hostile one, with other points of orders, as a folder."""
    table = points.to_table(hostile.scorecard)
    doubled = pc.multiply(table["points"], pc.if_else(pc.equal(table["term"], "orders"), 2.0, 1.0))
    changed = table.set_column(table.column_names.index("points"), "points", doubled)
    files = {name: hostile.files[name] for name in DECIDING} | {"scorecard.parquet": tables.parquet_bytes(changed)}
    folder = tmp_path_factory.mktemp("earlier")
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "manifest.json").write_text(json.dumps({"model_id": identity(files)}))
    return folder


@pytest.fixture(scope="session")
def statements() -> About:
    """What people say of the hostile model."""
    return About(owner="<b>Ada</b> =1+1", intended_use=("For <script>alert(3)</script> tests.",))


@pytest.fixture(scope="session")
def written(hostile: Model, statements: About, earlier: Path, tmp_path_factory: pytest.TempPathFactory) -> WrittenPack:
    """The hostile model's pack, compared with an earlier model on the rows of its holdout, for reading only."""
    folder = tmp_path_factory.mktemp("audit") / "pack"
    with pytest.MonkeyPatch.context() as patch:
        keep_typeset(patch.setattr)
        return api.Model(hostile).audit(folder, statements, against=earlier, customers=hostile_model.customers())


@pytest.fixture(scope="session")
def pack(written: WrittenPack) -> Path:
    return written.folder


@pytest.fixture
def pack_copy(pack: Path, tmp_path: Path) -> Path:
    """A pack that a test may damage."""
    return Path(shutil.copytree(pack, tmp_path / "pack"))


@pytest.fixture
def typeset_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Typeset no job of the audit a second time, which takes most of the time of verifying a pack.

    That the same job gives the same bytes is proven where this is not used: by a pack that is written twice, and by one
    that is verified as it was written.
    """
    keep_typeset(monkeypatch.setattr)
