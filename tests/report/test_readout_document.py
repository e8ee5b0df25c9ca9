"""The readout of a campaign as a page and a PDF: the verdict on top, every cell with its interval, on two pages."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from browser import visiting
from pypdf import PdfReader

from northstar_explain import api
from northstar_explain.evaluate.campaigns.plan_campaign import PlannedCampaign
from northstar_explain.evaluate.campaigns.read_campaign import Known, read_campaign
from northstar_explain.model.campaign.readout_facts import Readout
from northstar_explain.options import CampaignOptions
from northstar_explain.report.monitor.readout_document import headline, readout_document


@pytest.fixture(scope="module")
def planned(model_dir: Path, customers: pa.Table) -> PlannedCampaign:
    model = api.load(model_dir)
    return model.plan_campaign(model.score(customers), CampaignOptions(power_uplift=0.025))


def outcomes(planned: PlannedCampaign, uplift: float) -> pa.Table:
    audience = planned.audience
    rate = np.clip(audience.probability + np.where(audience.treated, uplift, 0.0), 0, 1)
    bought = (np.random.default_rng(0).random(len(rate)) < rate).astype(int)
    return pa.table({"customer_id": audience.ids, "purchased_next_30d": bought})


@pytest.fixture(scope="module")
def readout(planned: PlannedCampaign) -> Readout:
    table = outcomes(planned, 0.08)
    known = dict(zip(table["customer_id"].to_pylist(), table["purchased_next_30d"].to_pylist(), strict=True))
    return read_campaign(planned.plan, planned.audience, known, Known(returned=0.1))


@pytest.fixture(scope="module")
def stopped(planned: PlannedCampaign) -> Readout:
    table = outcomes(planned, 0.03)
    known = dict(zip(table["customer_id"].to_pylist(), table["purchased_next_30d"].to_pylist(), strict=True))
    for id in planned.audience.ids.filter(pa.array(planned.audience.treated)).slice(0, 600).to_pylist():
        del known[id]
    return read_campaign(planned.plan, planned.audience, known, Known())


def test_every_cell_is_on_the_page_with_its_interval(readout: Readout, planned: PlannedCampaign) -> None:
    page = readout_document(readout, planned.plan).web_page()
    assert readout.verdict in page and headline(readout.verdict) in page
    for one in (readout.overall, *readout.segments, *readout.bands):
        assert one is not None and one.uplift is not None and one.interval is not None
        assert f"{100 * one.uplift:+.1f} ({100 * one.interval.low:+.1f} to {100 * one.interval.high:+.1f})" in page
    assert "Orders that come back" in page and "10.0%" in page
    assert all(f"Not known: {one}" in page for one in readout.not_known)


def test_a_stopped_readout_shows_no_uplift(stopped: Readout, planned: PlannedCampaign) -> None:
    page = readout_document(stopped, planned.plan).web_page()
    assert "Nothing is concluded" in page and "so the groups are not compared" in page
    assert "Where it worked" not in page and "uplift, 95% interval" not in page


def test_the_pdf_has_two_pages_and_the_same_bytes_again(readout: Readout, planned: PlannedCampaign) -> None:
    pdf = readout_document(readout, planned.plan).pdf()
    assert len(PdfReader(io.BytesIO(pdf)).pages) <= 2
    assert readout_document(readout, planned.plan).pdf() == pdf


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("The contacts added 3.1 points to the purchase rate (95% interval +2.0 to +4.2). They", "rate."),
        ("Whether the contacts changed purchases is not known (+0.1 points, 95% interval). Whether", "known."),
        ("Nothing is concluded: outcomes are missing.", "Nothing is concluded: outcomes are missing."),
    ],
)
def test_the_headline_is_the_first_sentence(verdict: str, said: str) -> None:
    assert headline(verdict).endswith(said) and "(" not in headline(verdict)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_opens_without_an_error_and_passes_axe(
    readout: Readout, planned: PlannedCampaign, browser: Any, tmp_path: Path, width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    path = tmp_path / "readout.html"
    path.write_text(readout_document(readout, planned.plan).web_page())
    with visiting(browser, path, width) as visit:
        visit.page.locator("figure.chart").first.scroll_into_view_if_needed()  # charts are drawn once they are near
        visit.page.wait_for_selector(".drawn svg")
        assert Axe().run(visit.page).response["violations"] == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    assert visit.errors == [] and visit.requests == []


def test_three_files_are_published_together(
    planned: PlannedCampaign, tmp_path: Path, model_dir: Path, customers: pa.Table
) -> None:
    model = api.load(model_dir)
    model.plan_campaign(model.score(customers), CampaignOptions(power_uplift=0.025), out=tmp_path)
    table = outcomes(planned, 0.08)
    api.read_campaign(tmp_path / "plan.json", table, tmp_path / "r")
    files = {path.name: path.read_bytes() for path in (tmp_path / "r").iterdir()}
    assert sorted(files) == ["readout.html", "readout.json", "readout.pdf"]
    api.read_campaign(tmp_path / "plan.json", table, tmp_path / "r", overwrite=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "r").iterdir()} == files
