"""The readout of a campaign as a page and a PDF: the verdict on top, every cell with its interval, on one page."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from browser import visiting
from helpers import smallest_type
from pypdf import PdfReader

from northstar_explain import api
from northstar_explain.evaluate.campaigns.plan_campaign import PlannedCampaign
from northstar_explain.evaluate.campaigns.read_campaign import Known, read_campaign
from northstar_explain.evaluate.campaigns.verdict import verdict_of
from northstar_explain.model.campaign.money_words import in_points
from northstar_explain.model.campaign.readout_facts import Readout
from northstar_explain.model.evaluation import Interval
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
        low, high = map(in_points, one.interval)
        assert f"{in_points(one.uplift)}<br><small>({low} to {high})</small>" in page
    assert "deciles 8 and 9" in page and "decile 10" in page
    assert "Orders that come back" in page and "10.0%" in page
    assert f"{'; '.join(readout.not_known)}." in page


def test_a_stopped_readout_shows_no_uplift(stopped: Readout, planned: PlannedCampaign) -> None:
    page = readout_document(stopped, planned.plan).web_page()
    assert "Nothing is concluded" in page and "so the groups are not compared" in page
    assert "Where it worked" not in page and "uplift, 95% interval" not in page


def test_no_uplift_is_a_negative_zero() -> None:
    assert [in_points(one) for one in (-0.0004, 0.0, -0.0006)] == ["+0.0", "+0.0", "−0.1"]


def test_the_pdf_has_one_page_and_the_same_bytes_again(readout: Readout, planned: PlannedCampaign) -> None:
    assert readout.overall is not None
    # As many segments as training proposes at most, with intervals as wide as those of real campaigns.
    wide = replace(readout.overall, earned_interval=Interval(-11_232.0, 6_319.0), interval=Interval(-0.102, 0.065))
    largest = replace(readout, segments=tuple(replace(wide, segment=f"S{i}") for i in range(1, 10)))
    for one in (readout, largest):
        pdf = readout_document(one, planned.plan).pdf()
        assert len(PdfReader(io.BytesIO(pdf)).pages) == 1
        assert readout_document(one, planned.plan).pdf() == pdf


def test_the_readout_names_no_business(readout: Readout, stopped: Readout, planned: PlannedCampaign) -> None:
    """The plan does not say what the outcome is, nor what customers are called: of a bank, "bought" would be false."""
    for one in (readout, replace(stopped, alike=replace(stopped.alike, probability_p_value=0.0))):
        # Without what was given on the command line, of which a shop speaks: orders that come back.
        page = readout_document(replace(verdict_of(one, "€"), not_known=()), planned.plan).web_page()
        said = re.sub(r"<(script|style).*?</\1>|Orders that come back", "", page, flags=re.DOTALL)
        assert not re.findall(r"bought|purchase|\bbuy|customers", said)


def test_no_type_is_below_nine_points(readout: Readout, planned: PlannedCampaign) -> None:
    assert smallest_type(readout_document(readout, planned.plan).pdf()) >= 9


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("The contacts added 3.1 points to the outcome rate (95% interval +2.0 to +4.2). They", "rate."),
        ("Whether the contacts changed the outcome is not known (+0.1 points, 95% interval). Whether", "known."),
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
