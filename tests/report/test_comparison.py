"""The comparison memo: its numbers are those of the model folder, as PDF and as a self-contained page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pypdf
import pytest
from helpers import TINY, explain, learn, refused

from northstar_explain import model as models
from northstar_explain.contract import Contract
from northstar_explain.model import Model
from northstar_explain.model.evaluation import limits
from northstar_explain.model.evaluation.metric_registry import CAPTURE_20, ROC_AUC
from northstar_explain.report.comparison import comparison_facts, write_comparison


@pytest.fixture(scope="module")
def compared(customers: pa.Table, contract: Contract) -> Model:
    return learn(customers.slice(0, 3_000), contract, replace(TINY, experiments=True)).model


@pytest.fixture(scope="module")
def memo(compared: Model, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_comparison(compared, tmp_path_factory.mktemp("memo") / "comparison.pdf")


def test_the_memo_shows_the_stored_figures(compared: Model, memo: tuple[Path, Path]) -> None:
    facts = compared.evaluation
    pages = pypdf.PdfReader(memo[0]).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    experiments, holdout = facts.experiments, facts.purchase.holdout
    assert experiments is not None
    shuffled = experiments.shuffled_label
    for figure in (
        f"{shuffled.roc_auc:.3f}",
        f"{shuffled.roc_auc_shuffled:.2f}",
        f"{max(shuffled.roc_aucs_shuffled):.2f}",
        f"{holdout.figures[CAPTURE_20]:.0%}",
        f"{experiments.effects[0].eta_squared:.0%}",
        shuffled.segments_sha256[0][:12],
        f"{facts.segments.price_of_explainability:.3f}",
        f"{holdout.figures[ROC_AUC]:.3f}",
        f"{facts.together.control_sizes[1].customers_each:,}",
    ):
        assert figure in text, figure
    for one in experiments.variants:
        assert f"{one.roc_auc:.3f}" in text
    assert 4 <= len(pages) <= 6
    assert all(segment.name in text for segment in compared.segmentation.segments)


def test_the_memo_shows_the_limits_of_monitor(memo: tuple[Path, Path]) -> None:
    text = " ".join(memo[1].read_text(encoding="utf-8").split())
    for words in (
        f"more than {limits.REJECTED_SHARE:.0%} of rows are rejected",
        f"moves by more than {limits.MONITOR_SEGMENT_CHANGE:.0%} of itself",
        f"falls more than {limits.MONITOR_AUC_DROP:g} below",
        f"off by more than {100 * limits.MONITOR_CALIBRATION_GAP:g} points",
    ):
        assert words in text, words


def test_every_customer_of_the_holdout_is_in_one_cell(compared: Model) -> None:
    facts = comparison_facts(compared)
    for name, columns in (("matrix", 10), ("treatments", 3)):
        assert {len(cells) for _, _, cells in facts[name]} == {columns}
        total = sum(int(cell.customers.replace(",", "")) for _, _, cells in facts[name] for cell in cells)
        assert total == compared.evaluation.purchase.holdout.n
    for _, _, cells in facts["treatments"]:
        assert [bool(cell.treatment) for cell in cells] == [
            int(cell.customers.replace(",", "")) >= limits.AUDIENCE_MIN_CUSTOMERS for cell in cells
        ]


def test_on_average_a_shuffled_label_carries_no_information(compared: Model) -> None:
    assert compared.evaluation.experiments is not None
    facts = compared.evaluation.experiments.shuffled_label
    assert len(facts.roc_aucs_shuffled) == 10
    assert len(set(facts.roc_aucs_shuffled)) > 1
    assert facts.roc_auc_shuffled == pytest.approx(sum(facts.roc_aucs_shuffled) / 10)
    # A single one may be far from 0.5: a small EBM fits the noise of its shuffled label.
    assert abs(facts.roc_auc_shuffled - 0.5) < 0.12 < facts.roc_auc - 0.5


def test_the_page_is_self_contained(memo: tuple[Path, Path]) -> None:
    page = memo[1].read_text(encoding="utf-8")
    assert "<link" not in page
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert page.count("<svg") == page.count("<title>") - 1 == 5  # every chart says what it shows


def test_the_same_model_gives_the_same_bytes(compared: Model, memo: tuple[Path, Path], tmp_path: Path) -> None:
    again = write_comparison(compared, tmp_path / "comparison.pdf")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in memo]


def test_without_experiments_the_memo_is_refused(model_dir: Path, tmp_path: Path) -> None:
    message = refused(tmp_path, "compare", "--model", model_dir, "--out", tmp_path / "memo.pdf", "--quiet")
    assert "Train again without --no-experiments" in message
    assert "an ending of .pdf" in refused(tmp_path, "compare", "--model", model_dir, "--out", tmp_path / "memo.txt")


def test_from_the_command_line(compared: Model, tmp_path: Path) -> None:
    models.save(compared, tmp_path / "model")
    done = explain("compare", "--model", tmp_path / "model", "--out", tmp_path / "memo.pdf", "--quiet")
    assert done.stdout.split() == [str(tmp_path / "memo.pdf"), str(tmp_path / "memo.html")]
    again = explain("compare", "--model", tmp_path / "model", "--out", tmp_path / "memo.pdf", "--quiet")
    assert again.exit_code == 1
    assert "--overwrite" in again.stderr
