"""The page on money: what contacts are worth per segment under three uplifts, and a budget to try in a browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from northstar_explain.model.campaign.money_words import (
    TO_FILL_IN,
    amount,
    campaign_words,
    in_points,
    short_points,
    terms,
)
from northstar_explain.model.campaign.value import MEASURED, SCENARIOS
from northstar_explain.model.evaluation.money_facts import CellValue, MoneyFacts, Outlook
from northstar_explain.model.names import with_id
from northstar_explain.model.wording import capital
from northstar_explain.report import statements
from northstar_explain.report.document import numbers as words
from northstar_explain.report.document.blocks import Block, Chapter, Heading, Table, TableCell, Text
from northstar_explain.report.document.document import Tool
from northstar_explain.report.playbook.playbook_facts import Book

SCRIPT, DATA = "budget.js", "budget-data"


def money_pages(book: Book) -> tuple[Chapter, ...]:
    """The page, where margin and contact cost are known."""
    money = book.model.evaluation.money
    return () if money is None else (_page(money, book),)


def to_fill_in(book: Book) -> tuple[Text, ...]:
    """What stands in place of the page where there is no money to count with."""
    return (Text(TO_FILL_IN, "fine"),) if book.model.evaluation.money is None else ()


def budget_tools(book: Book) -> tuple[Tool, ...]:
    """The sliders of the page in a browser."""
    money = book.model.evaluation.money
    return () if money is None else (Tool(SCRIPT, DATA, tool_data(money, book)),)


def _page(money: MoneyFacts, book: Book) -> Chapter:
    noun, currency = book.contract.noun, book.contract.currency
    said = campaign_words(money, currency)
    blocks: list[Block] = [
        Text(f"{capital(said)}.", "lead"),
        Text(
            "A contact earns what it adds, and not what would have come without it: uplift × (margin − voucher) "
            f"− voucher × probability − contact cost. {terms(money, book.contract.outcome, currency)}{_source(money)}"
        ),
        *([Text(f"{uncounted}.")] if (uncounted := statements.offers_not_counted(money, _offers(book))) else []),
        segment_values(money, book.names, noun, currency),
        Text(
            f"{capital(noun)} of the whole table with their mean probability; other pages have the rate that was "
            "measured. Spend and earnings are those of a contact to all of a segment, whatever the budget. Break even: "
            "the uplift in percentage points from which a contact pays. playbook.html has this page with sliders, to "
            "try other amounts and uplifts.",
            "fine",
        ),
    ]
    if money.voucher:
        why = "Where the outcome is likely, most vouchers pay for what would come anyway, so a contact must add more."
        blocks += [Heading("Break-even uplift by decile"), _break_evens(money, book.names), Text(why, "fine")]
    elif same := same_break_even(money):
        blocks.append(Text(f"Without a voucher, a contact breaks even at the same uplift everywhere: {same} points."))
    return Chapter("money", "What a contact is worth", tuple(blocks), "Money")


def _offers(book: Book) -> dict[str, str]:
    return {id: play.offer.text for id, play in book.plays.items() if play.offer}


def _source(money: MoneyFacts) -> str:
    if measured := statements.uplift_measured(money):
        return f"{measured}."
    steps = [short_points(one.uplift) for one in SCENARIOS]
    return (
        f"The uplift is not known before a campaign with a control group has measured it: {', '.join(steps[:-1])} and "
        f"{steps[-1]} points are assumptions."
    )


def segment_values(money: MoneyFacts, names: dict[str, str], noun: str, currency: str) -> Table:
    """A row per segment and one for all: break-even, spend, and what contacts earn under each scenario."""
    rows = [*((f"{one.segment} {names[one.segment or '']}", one) for one in money.segments), ("All", money.everybody)]
    even = [] if same_break_even(money) else ["Break even"]
    head = ("Segment", capital(noun), "Predicted rate", *even, "Spend", *_scenario_heads(money))
    return Table(
        head,
        tuple((name, *_value_cells(one, currency, bool(even))) for name, one in rows),
        style="money",
        alt_text="What contacts are worth by segment",
    )


def same_break_even(money: MoneyFacts) -> str | None:
    """The uplift from which a contact pays, where it is the same in all segments and deciles, as without a voucher."""
    found = {in_points(one.break_even_uplift) for one in (*money.segments, *money.cells) if one.customers}
    return None if len(found) > 1 or money.everybody.break_even_uplift is None else found.pop()


def _scenario_heads(money: MoneyFacts) -> list[str]:
    if money.readout_plan_id:
        return ["Measured uplift", "Earned"]
    return [f"Earned at +{short_points(one.uplift)}" for one in SCENARIOS]


def _value_cells(one: CellValue, currency: str, even: bool) -> Sequence[TableCell]:
    spend = amount(max(each.spend for each in one.outlooks), currency)
    measured = [in_points(each.uplift) for each in one.outlooks if each.scenario == MEASURED]
    evens = [in_points(one.break_even_uplift)] if even else []
    people = words.count(one.customers), words.percent(one.probability)
    return *people, *evens, spend, *measured, *(amount(each.earned, currency) for each in one.outlooks)


def _break_evens(money: MoneyFacts, names: dict[str, str]) -> Table:
    cells = {(one.segment, one.decile): in_points(one.break_even_uplift) for one in money.cells}
    rows = tuple(
        (with_id(id, name), *(cells.get((id, decile), "–") for decile in range(10, 0, -1)))
        for id, name in names.items()
    )
    return Table(("Segment", *map(str, range(10, 0, -1))), rows, style="deciles", widths=(25, *(8,) * 5, *(7,) * 5))


def tool_data(money: MoneyFacts, book: Book) -> dict[str, Any]:
    """What the script of the page computes with: the cells, and where its sliders begin."""
    return {
        "currency": book.contract.currency,
        "noun": book.contract.noun,
        "start": {
            "margin": money.margin,
            "contactCost": money.contact_cost,
            "voucher": money.voucher,
            "budget": money.budget,
        },
        "segments": [
            {"id": one.segment, "name": book.names[one.segment or ""], "uplift": _start_uplift(one.outlooks)}
            for one in money.segments
        ],
        "cells": [
            {
                "segment": one.segment,
                "decile": one.decile,
                "contactable": one.contactable,
                "probability": one.probability,
            }
            for one in money.cells
        ],
    }


def _start_uplift(outlooks: Sequence[Outlook]) -> float:
    """The measured uplift, or the highest that is assumed, in points with one decimal."""
    return round(100 * outlooks[-1].uplift, 1)
