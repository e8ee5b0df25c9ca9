"""Fixtures of the audit tests: the hostile model, its pack, and a copy that a test may damage."""

from __future__ import annotations

import shutil
from pathlib import Path

import hostile as hostile_model
import pytest

from northstar_explain import api
from northstar_explain.model import Model
from northstar_explain.report.audit.about import About
from northstar_explain.report.audit.pack.write_pack import WrittenPack


@pytest.fixture(scope="session")
def hostile() -> Model:
    return hostile_model.model()


@pytest.fixture(scope="session")
def written(hostile: Model, tmp_path_factory: pytest.TempPathFactory) -> WrittenPack:
    """The hostile model's pack, for reading only."""
    about = About(owner="<b>Ada</b> =1+1", intended_use=("For <script>alert(3)</script> tests.",))
    return api.Model(hostile).audit(tmp_path_factory.mktemp("audit") / "pack", about)


@pytest.fixture(scope="session")
def pack(written: WrittenPack) -> Path:
    return written.folder


@pytest.fixture
def pack_copy(pack: Path, tmp_path: Path) -> Path:
    """A pack that a test may damage."""
    return Path(shutil.copytree(pack, tmp_path / "pack"))
