"""Reading a contract: what stands in it is what the objects say, and every fault is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from northstar_explain.contract import Contract, kind_names, load, parse
from northstar_explain.contract.features import AUDIENCE_ROLES, ROLES
from northstar_explain.errors import ContractError

GOOD = """
[table]
id = "id"
label = "bought"
[groups]
a = "A"
[features.orders]
group = "a"
kind = "count"
words = "orders"
"""


def faults(text: str) -> list[str]:
    with pytest.raises(ContractError) as caught:
        parse(text, "c.toml")
    return [str(fault) for fault in caught.value.faults]


def test_northstars_contract_holds_31_features_in_four_groups(contract: Contract) -> None:
    assert len(contract.features) == 31
    assert len(contract.groups) == 4
    assert {feature.group for feature in contract.features} == set(contract.groups)
    assert (contract.id, contract.label) == ("customer_id", "purchased_next_30d")
    assert {str(feature.kind) for feature in contract.features} == {*kind_names()} - {"ratio", "date"}
    assert {feature.role for feature in contract.features} - {""} <= {*ROLES, *AUDIENCE_ROLES}
    assert all(feature.words and feature.unit is not None for feature in contract.features)


def test_sensitive_features_serve_nothing_unless_allowed(contract: Contract) -> None:
    sensitive = {feature.name for feature in contract.sensitive_features}
    assert "age_band" in sensitive
    assert not sensitive & {feature.name for feature in contract.segment_features}
    assert not sensitive & {feature.name for feature in contract.model_features}
    text = GOOD + "sensitive = true\nsegments = true\n"
    assert parse(text).model_features == parse(text).segment_features == ()
    allowed = parse(text + 'allow = ["model"]\n')
    assert [f.name for f in allowed.model_features] == ["orders"]
    assert allowed.segment_features == ()


def test_missing_keys_take_documented_defaults() -> None:
    contract = parse(GOOD)
    feature = contract["orders"]
    assert (contract.title, contract.outcome, contract.currency, contract.noun) == (
        "Customers",
        "buys",
        "$",
        "customers",
    )
    assert (feature.minimum, feature.maximum, feature.missing, feature.segments) == (None, None, None, True)
    assert contract.text == GOOD


def test_a_group_is_a_column_and_no_feature() -> None:
    assert parse(GOOD).group == ""
    contract = parse(GOOD.replace("[table]", '[table]\ngroup = "house"'))
    assert contract.group == "house"
    assert [feature.name for feature in (*contract.model_features, *contract.segment_features)] == ["orders"] * 2
    assert contract.sha256 != parse(GOOD).sha256


def test_a_name_that_is_no_feature_is_a_key_error(contract: Contract) -> None:
    with pytest.raises(KeyError, match="nothing"):
        contract["nothing"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (('id = "id"', ""), "table.id: expected text; got nothing. Add this key."),
        (('id = "id"', "id = 3"), "table.id: expected text; got 3. Put it in quotes."),
        (('id = "id"', 'id = " "'), "table.id: expected text; got ' '. Put it in quotes."),
        (('label = "bought"', 'label = "id"'), "table.label: expected a column other than the id; got id"),
        (('label = "bought"', 'label = "orders"'), "table.label: expected a column that is no feature; got orders."),
        (("[table]", '[table]\ngroup = "id"'),
         "table.group: expected a column other than id and label; got id. Remove it where rows are independent."),
        (("[table]", '[table]\ngroup = "bought"'), "table.group: expected a column other than id and label; got bought"),
        (("[table]", '[table]\ngroup = "orders"'), "table.group: expected a column that is no feature; got orders"),
        (("[table]", '[table]\ngroup = ""'), "table.group: expected text; got ''"),
        (("[table]", "[table]\ngroup = 3"), "table.group: expected text; got 3. Put it in quotes."),
        (("[table]", '[table]\ngroup = "house"\nignore = ["house"]'),
         "table.group: expected a column that is not ignored; got house. Take it out of ignore."),
        (("[table]", "[table]\ncolour = 1"), "table.colour: expected one of title, id, label"),
        (("[groups]", "[extra]\nx = 1\n[groups]"), "extra: expected one of table, csv, groups, features, traits, economics; got an unknown key."),
        (('group = "a"', 'group = "b"'), "features.orders.group: expected one of a; got b"),
        (('kind = "count"', 'kind = "sum"'), "features.orders.kind: expected one of amount, category, count, date, days"),
        (('words = "orders"', ""), "features.orders.words: expected text; got nothing. Add this key."),
        (('words = "orders"', 'words = "orders"\nmim = 0'), "features.orders.mim: expected one of group, kind, words"),
        (('words = "orders"', 'words = "orders"\nmin = 5\nmax = 5'), "features.orders.min: expected less than max (5); got 5"),
        (('words = "orders"', 'words = "orders"\nmin = "0"'), "features.orders.min: expected a number; got 0"),
        (('words = "orders"', 'words = "orders"\nmin = true'), "features.orders.min: expected a number; got True"),
        (('words = "orders"', 'words = "orders"\nsegments = 1'), "features.orders.segments: expected true or false; got 1"),
        (('words = "orders"', 'words = "orders"\norder = ["a"]'), "features.orders.order: expected a list of values for kind"),
        (('words = "orders"', 'words = "orders"\norder = "ab"'), "features.orders.order: expected a list of texts; got ab"),
        (('words = "orders"', 'words = "orders"\nallow = ["fun"]'), "features.orders.allow: expected of segments, model; got fun"),
        (('words = "orders"', 'words = "orders"\nmonotone = "both"'), "features.orders.monotone: expected one of up, down; got both"),
        (('words = "orders"', 'words = "orders"\nrole = "king"'), "features.orders.role: expected one of engagement"),
        (('words = "orders"', 'words = "orders"\nat_least = "many"'), "features.orders.at_least: expected a phrase with one {value}; got many"),
        (('kind = "count"', 'kind = "ordered"'), "features.orders.order: expected a list of values for kind 'ordered', and only there; got nothing"),
        (('kind = "count"', 'kind = "ordered"\norder = ["a", "a"]'), "features.orders.order: expected each value once"),
        (('kind = "count"', 'kind = "category"\nmax = 3'), "features.orders.min: expected bounds on numbers only; got a category"),
        (('kind = "count"', 'kind = "category"\nmonotone = "up"'), "features.orders.monotone: expected a direction for numbers and ordered"),
    ],
)  # fmt: skip
def test_each_fault_names_its_key(change: tuple[str, str], fault: str) -> None:
    parse(GOOD)
    found = faults(GOOD.replace(*change))
    assert [text for text in found if text.startswith(fault)], found


def test_all_faults_are_told_at_once() -> None:
    text = GOOD.replace('id = "id"', "").replace('kind = "count"', 'kind = "sum"').replace('group = "a"', "gruop = 1")
    assert [fault.split(":")[0] for fault in faults(text)] == [
        "table.id", "features.orders.gruop", "features.orders.kind",
    ]  # fmt: skip


@pytest.mark.parametrize("section", ["table", "features"])
def test_a_section_that_is_missing_or_no_section_is_a_fault(section: str) -> None:
    assert any(text.startswith(f"{section}: expected a section [{section}]") for text in faults(""))
    assert any(text.startswith(f"{section}: expected a section") for text in faults(f"{section} = 3"))


def test_two_features_may_not_share_a_phrase() -> None:
    text = GOOD + '[features.other]\nkind = "count"\nwords = "Orders"\n'
    assert faults(text) == [
        "features.other: expected words other than those of orders; got Orders. Give the two features different words."
    ]


ORDERS = 'at_least = "ordered {value} or more times"\nbelow = "ordered fewer than {value} times"\n'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        # The same template; a template and another's own words; a number that may be a value.
        (GOOD + ORDERS + '[features.b]\nkind = "count"\nwords = "b"\n' + ORDERS,
         "features.b: expected words other than those of orders; got ordered 3 or more times. Give the two features different words"),
        (GOOD + '[features.b]\nkind = "count"\nwords = "b"\nsome = "No Orders"\n',
         "features.b: expected words other than those of orders; got no orders."),
        (GOOD + '[features.b]\nkind = "amount"\nunit = "pages"\nwords = "b"\nat_least = "{value} or more orders"\n', ""),
        (GOOD + '[features.b]\nkind = "days"\nwords = "b"\nbelow = "in {value}"\n'
         '[features.c]\nkind = "count"\nwords = "c"\nsome = "in 30 days"\n',
         "features.c: expected words other than those of b; got in 30 days."),
        (GOOD + '[features.b]\nkind = "category"\nwords = "home"\n'
         '[features.c]\nkind = "count"\nwords = "c"\nsome = "home is abroad"\n',
         "features.c: expected words other than those of b; got home is abroad."),
        (GOOD + 'at_least = "ordered {value} times"\nbelow = "ordered {value} times"\n',
         "features.orders: expected phrases with one meaning each; got ordered 3 times."),
        (GOOD + 'some = "all customers"\n', "features.orders: expected words other than those for everybody; got all customers."),
        (GOOD + 'some = "shops; or browses"\n', "features.orders: expected phrases without '; or'; got shops; or browses."),
        (GOOD + 'some = "buys, and browses"\n', "features.orders: expected phrases without ', and'; got buys, and browses."),
        (GOOD + 'some = "buys (or unknown)"\n', "features.orders: expected phrases without '(or unknown)'; got buys (or unknown)."),
        (GOOD + 'between = "some"\n', "features.orders.between: expected a phrase with one {value}; got some"),
    ],
)  # fmt: skip
def test_phrases_that_could_be_taken_for_others_are_faults(text: str, fault: str) -> None:
    if not fault:
        assert len(parse(text).features) == 2  # "3 pages or more orders" is no count
        return
    assert [found for found in faults(text) if found.startswith(fault)], faults(text)


def test_a_contract_read_from_a_file_is_the_one_written_there(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(GOOD)
    assert load(path) == parse(GOOD)
    assert load(path).sha256 == parse(GOOD).sha256
    assert load(path).sha256 != parse(GOOD + "\n").sha256


@pytest.mark.parametrize("path", ["nowhere.toml", "."])
def test_a_file_that_cannot_be_read_is_said(path: str, tmp_path: Path) -> None:
    with pytest.raises(
        ContractError, match="file: expected a contract in TOML; got .*`explain init` drafts a contract"
    ):
        load(tmp_path / path)
