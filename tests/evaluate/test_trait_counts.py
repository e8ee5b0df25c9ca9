"""Facts of traits: counted over all rows and by segment, shown by `explain show`, and not there without traits."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
from helpers import LABEL, TINY, explain, learn

from northstar_explain.cli.fact_tables import facts_text
from northstar_explain.contract import Contract, columns_of, parse
from northstar_explain.contract.conditions import matches
from northstar_explain.evaluate.customers import customers_of
from northstar_explain.evaluate.trait_counts import trait_facts
from northstar_explain.model import Model
from northstar_explain.model.rules import assign


def test_traits_are_counted_in_all_and_by_segment(model: Model, customers: pa.Table) -> None:
    facts = model.evaluation.traits
    assert facts is not None and facts.customers == customers.num_rows
    columns = columns_of(customers, model.contract.features)
    segments = assign(model.segmentation.tree, columns)
    assert [one.name for one in facts.each] == [trait.name for trait in model.contract.traits]
    for one, trait in zip(facts.each, model.contract.traits, strict=True):
        has = matches(trait.conditions, columns)
        assert (one.customers, one.share) == (has.sum(), has.mean())
        assert one.segments == {s.id: (segments[has] == s.id).sum() for s in model.segmentation.segments}
        assert sum(one.segments.values()) == one.customers > one.holdout_n > 0


def test_purchases_are_those_of_the_rows_given(model: Model, customers: pa.Table, contract: Contract) -> None:
    held = customers_of(customers.slice(0, 400), contract)
    columns, order = columns_of(customers, contract.features), [s.id for s in model.segmentation.segments]
    facts = trait_facts(contract, columns, model.segmentation.tree, order, held)
    assert facts is not None
    for one, trait in zip(facts.each, contract.traits, strict=True):
        has = matches(trait.conditions, held.columns)
        assert one.holdout_n == has.sum()
        assert one.purchase_rate == np.mean(customers[LABEL].to_numpy()[:400][has])
    none = dataclasses.replace(
        contract.traits[0], conditions=(dataclasses.replace(contract.traits[0].conditions[0], lower=1e9),)
    )
    facts = trait_facts(dataclasses.replace(contract, traits=(none,)), columns, model.segmentation.tree, order, held)
    assert facts is not None and (facts.each[0].customers, facts.each[0].purchase_rate) == (0, None)


def test_show_prints_a_line_for_each_trait(model: Model, model_dir: Path) -> None:
    text = explain("show", model_dir).stdout
    lines = text[text.index("Traits, across segments") :].splitlines()
    facts = model.evaluation.traits
    assert facts is not None
    for line, one, trait in zip(lines[2:-1], facts.each, model.contract.traits, strict=True):
        shares = [f"{one.segments[s.id] / s.customers:.0%}" for s in model.segmentation.segments]
        rate = "-" if one.purchase_rate is None else f"{one.purchase_rate:.1%}"
        assert line.split() == [*trait.words.split(), f"{one.customers:,}", f"{one.share:.1%}", rate, *shares]
    assert max(map(len, lines)) <= 110


def test_a_contract_without_traits_has_no_facts_of_them(few: pa.Table, contract: Contract) -> None:
    bare = parse(contract.text[: contract.text.index("\n[traits.")])
    trained = learn(few, bare, TINY).model
    assert trained.evaluation.traits is None
    assert "Traits" not in facts_text(trained)
