"""Proofs that cut across: the label stays out of the segments, the same input gives the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from helpers import OPTIONS, TINY, learn, with_column

from northstar_explain import api
from northstar_explain import model as models
from northstar_explain.contract import Contract
from northstar_explain.model import Model
from northstar_explain.model.evaluation.metric_registry import ROC_AUC
from northstar_explain.report.playbook import playbook_facts, write_playbook

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_a_shuffled_label_leaves_the_segments(customers: pa.Table, contract: Contract, model: Model) -> None:
    label = np.random.default_rng(0).permutation(customers[contract.label].to_numpy())
    shuffled = learn(with_column(customers, contract.label, label), contract, OPTIONS).model
    assert shuffled.files["segments.json"] == model.files["segments.json"]
    assert shuffled.files["scorecard.parquet"] != model.files["scorecard.parquet"]
    learned, chance = (one.evaluation.purchase.holdout.figures[ROC_AUC] for one in (model, shuffled))
    assert chance < 0.6 < learned


@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes(customers: pa.Table, contract: Contract, model: Model) -> None:
    again = learn(customers, contract, OPTIONS).model
    assert again.id == model.id
    assert again.evaluation == model.evaluation
    for name, data in model.files.items():
        assert again.files[name] == data, name
    assert again.manifest == model.manifest


def test_a_model_on_disk_is_the_model(model: Model, model_dir: Path, some: pa.Table) -> None:
    loaded = api.load(model_dir)
    assert loaded.segments == model.segmentation.segments
    assert loaded.score(some).table.equals(api.Model(model).score(some).table)


def test_a_later_table_is_the_holdout(customers: pa.Table, contract: Contract) -> None:
    early, later = customers.slice(0, 1500), customers.slice(4000)
    model = learn(early, contract, TINY, later).model
    purchase = model.evaluation.purchase
    assert purchase.out_of_time
    assert purchase.holdout.n == later.num_rows
    assert purchase.train_n + purchase.validation_n == early.num_rows


def test_sensitive_features_stay_out(model: Model) -> None:
    sensitive = {feature.name for feature in model.contract.sensitive_features}
    assert sensitive == {"age_band"}
    assert not sensitive & set(model.scorecard.features)
    assert not sensitive & set(model.evaluation.segments.rule_features)


def test_the_playbook_shows_the_facts(model: Model, tmp_path: Path) -> None:
    import pypdf

    written = write_playbook(model, tmp_path / "a")
    reader = pypdf.PdfReader(written.pdf)
    pages = ["".join(page.extract_text().split()) for page in reader.pages]
    for sheet, alone in zip(playbook_facts(model).segments, written.segments, strict=True):
        shown = (sheet.name, sheet.definition, sheet.customers, sheet.share, sheet.rate, *sheet.play.do)
        texts = ["".join(text.split()) for text in shown]
        assert sum(all(text in page for text in texts) for page in pages) == 1, sheet.id
        assert len(pypdf.PdfReader(alone).pages) == 1
    fonts = {
        str(font["/BaseFont"])
        for p in reader.pages
        for f in p["/Resources"]["/Font"].values()  # type: ignore[index]
        for font in [f.get_object()]
    }
    assert fonts and all("Inter" in font for font in fonts)
    again = write_playbook(model, tmp_path / "b")
    assert [path.read_bytes() for path in written.files] == [path.read_bytes() for path in again.files]


def test_hostile_text_is_shown_as_text(customers: pa.Table, contract: Contract, tmp_path: Path) -> None:
    import pypdf

    from northstar_explain.contract import parse

    hostile = '<img src=\\"file:///etc/passwd\\"><script>x</script>'
    text = contract.text.replace('title = "Northstar Retail customers"', f'title = "{hostile}"')
    model = learn(customers.slice(0, 1500), parse(text), TINY).model
    written = write_playbook(model, tmp_path)
    shown = pypdf.PdfReader(written.pdf).pages[0].extract_text()
    assert '<imgsrc="file:///etc/passwd">' in "".join(shown.split())


def test_only_a_model_folder_may_be_replaced(model: Model, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(Exception, match="expected a path that is free"):
        models.save(model, tmp_path, overwrite=True)
    assert (tmp_path / "precious.txt").read_text() == "mine"
