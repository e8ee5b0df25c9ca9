"""What a customer table holds: features, kinds, units and words; checking rows; drafting a contract."""

from northstar_explain.contract.categories import Category
from northstar_explain.contract.check import Checked, check
from northstar_explain.contract.columns import Columns, columns_of
from northstar_explain.contract.draft import draft
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.contract.kinds import Kind, kind_named, kind_names
from northstar_explain.contract.load import load, northstar, parse

__all__ = [
    "Category",
    "Checked",
    "Columns",
    "Contract",
    "Feature",
    "Kind",
    "check",
    "columns_of",
    "draft",
    "kind_named",
    "kind_names",
    "load",
    "northstar",
    "parse",
]
