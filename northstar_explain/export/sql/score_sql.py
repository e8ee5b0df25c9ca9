"""The whole scorecard as one SELECT over lookup tables: values become bins, bins become points, points are summed."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from northstar_explain.export.sql.inserts import table_sql
from northstar_explain.export.sql.lookup_tables import NONE, ROOT, LookupAxis, PairTerm, lookups
from northstar_explain.export.sql.relation_sql import relation_features, relation_lines
from northstar_explain.export.sql.segment_sql import (
    ID,
    NAME,
    comment,
    rule_features,
    segment_lines,
    segment_of,
    statement,
)
from northstar_explain.export.sql.sql_dialects import Dialect, dialect, double
from northstar_explain.export.sql.sql_names import (
    QueryBuilder,
    aliased,
    column,
    kept,
    literal_text,
    named,
    require_distinct,
    table,
    written,
)
from northstar_explain.export.sql.trait_sql import TAGGED, add_tagged, tag_columns, trait_features, trait_lines
from northstar_explain.export.sql.typed_columns import values
from northstar_explain.model.learned_model import Model
from northstar_explain.model.scorecard import MISSING, CategoryBins

# The lookup tables, and the primary key of each.
KEYS = {"cuts": ("axis", "block"), "categories": ("axis", "category"), "points": ("term", "bin_1", "bin_2")}
RESULT = ("logit", "probability")
# The threshold is some customer's own probability, and databases sum in an order of their own.
_ROUNDING = 1e-12


def scores_sql(
    model: Model, to: str, customers: str = "customers", view: str | None = None, prefix: str | None = None
) -> str:
    """The statement that gives each customer the segment and the probability that Python gives.

    Parameters
    ----------
    model : Model
    to : str
        One of `DIALECTS`.
    customers : str, default "customers"
        The table of customers, with the columns of the contract.
    view : str, optional
        Make a view of this name rather than a query.
    prefix : str, optional
        How the names of the lookup tables begin; see `table_names`.

    Returns
    -------
    str
        A row per customer: id, ``segment_id``, ``segment_name``, ``logit`` (log-odds), ``probability`` (0 to 1) and
        the flags, for each trait of the contract a column of 0 and 1, and where it has relations
        ``broken_relation``: the first that the row breaks, else NULL. Segment or score is NULL where a value that it
        needs is missing and the contract says that it never is; all are where an id occurs more than once.

    Raises
    ------
    NorthstarError
        When a name or a text of the model cannot be written in the dialect.
    """
    target = dialect(to)
    names = table_names(model, to, prefix)
    id = model.contract.id
    # Of the table that is read, and of the rows that are given: neither may have one name twice.
    require_distinct([id, *used(model)], target)
    require_distinct([id, ID, NAME, *RESULT, *model.purchase.flag_columns, *tag_columns(model.contract)], target)
    query = _Query(model, target, table(customers, target), names)
    lines = [
        f"{model.contract.title}: segment and probability ({model.contract.outcome}) of each customer in {customers},",
        f"by model {model.id}. It reads the lookup tables {', '.join(written(one, target) for one in names.values())}.",
        *segment_lines(model),
        *trait_lines(model.contract),
        *relation_lines(model.contract),
        "Segment or score is NULL where a value that it needs is missing and the contract says that it never is, and",
        "where an id occurs more than once. Whether a row keeps the contract otherwise is not looked at here;",
        "`explain score` rejects rows that do not.",
    ]
    return comment(lines) + statement(query.whole(), target, view)


def used(model: Model) -> tuple[str, ...]:
    """The features that segments, score, traits and relations need."""
    contract = model.contract
    asked = (*model.scorecard.features, *trait_features(contract), *relation_features(contract))
    return tuple(dict.fromkeys((*rule_features(model), *asked)))


def default_prefix(model: Model) -> str:
    """How the names of a model's lookup tables begin; with its id, so that no query reads the points of another."""
    return "northstar_" + model.id.removeprefix("m-")


def table_names(model: Model, to: str, prefix: str | None = None) -> dict[str, exp.Table]:
    """What the lookup tables are called, by `KEYS`.

    Parameters
    ----------
    model : Model
    to : str
        One of `DIALECTS`.
    prefix : str, optional
        How their names begin, with schema and catalog where needed. By default ``northstar_`` and the model's id.

    Returns
    -------
    dict of str to Table
    """
    names = {}
    for name in KEYS:
        one = table(default_prefix(model) if prefix is None else prefix, dialect(to), "--prefix")
        # Only the last part of the name grows: schema and catalog stay as given.
        one.this.set("this", f"{one.name}_{name}")
        names[name] = one
    return names


def tables_sql(model: Model, to: str, prefix: str | None = None) -> Iterator[str]:
    """The statements that make the lookup tables and fill them, one after another."""
    lookup, names = lookups(model.scorecard, model.contract), table_names(model, to, prefix)
    yield comment([f"Lookup tables of model {model.id} ({model.contract.title}), for its scores in SQL."])
    for name, keys in KEYS.items():
        # Cuts must be exact, as a value equal to a cut is above it; points may differ in the last digit.
        yield from table_sql(names[name], getattr(lookup, name), keys, name == "cuts", dialect(to))


class _Query:
    """The subqueries of the statement; each method adds one that reads the one before."""

    def __init__(self, model: Model, target: Dialect, source: exp.Table, names: dict[str, exp.Table]):
        self._model, self._dialect, self._source, self._names = model, target, source, names
        self._lookups = lookups(model.scorecard, model.contract)
        # Names of the customer table and of lookup tables are taken: no subquery may hide one.
        self._builder = QueryBuilder(source, *names.values())
        self._shared = sorted({axis for pair in self._lookups.pairs for axis in (pair.first, pair.second)})

    def whole(self) -> exp.Select:
        """The statement."""
        self._features()
        self._coded()
        self._axes()
        self._blocks()
        self._bins()
        self._sums()
        self._scores()
        self._chances()
        added = tag_columns(self._model.contract)
        flags = self._model.purchase.flag_columns.items()
        last = exp.select(
            named(column("chances", "id"), self._model.contract.id),
            named(self._segment("id"), ID),
            named(self._segment("name"), NAME),
            *kept("chances", "logit", "probability"),
            *(
                named(column("chances", "probability") >= self._dialect.literal(one - _ROUNDING), name)
                for name, one in flags
            ),
            *kept(TAGGED, *added),
        ).from_(self._builder.read("chances"))
        if added:
            add_tagged(self._builder, "features", self._model.contract, self._dialect)
            same = column(TAGGED, self._model.contract.id).eq(column("chances", "id"))
            last = last.join(self._builder.read(TAGGED), on=same, join_type="left")
        return self._builder.query(last)

    def _segment(self, what: str) -> exp.Case:
        case = exp.Case(this=column("chances", "segment"))
        for number, segment in enumerate(self._model.segmentation.segments, start=1):
            case = case.when(_number(number), literal_text(getattr(segment, what)))
        return case

    def _features(self) -> None:
        """Every feature as the model means it."""
        read = values("c", used(self._model), self._model, self._dialect)
        select = exp.select(*kept("c", self._model.contract.id), *read)
        self._builder.add("features", select.from_(aliased(self._source, "c")))

    def _coded(self) -> None:
        """The segment, and a number for each axis: the value, or the bin of a category."""
        id = named(column("features", self._model.contract.id), "id")
        segment = named(segment_of("features", self._model, self._dialect, numbered=True), "segment")
        select = exp.select(id, segment).from_(self._builder.read("features"))
        for axis in self._lookups.axes:
            value: exp.Expr = column("features", axis.bins.feature)
            if isinstance(axis.bins, CategoryBins):
                select, value = self._with_category(select, axis, value)
            select = select.select(named(value, f"axis_{axis.number}"))
        self._builder.add("coded", select)

    def _with_category(self, select: exp.Select, axis: LookupAxis, value: exp.Expr) -> tuple[exp.Select, exp.Expr]:
        name = f"category_{axis.number}"
        match = column(name, "axis").eq(_number(axis.number)), column(name, "category").eq(value)
        # A left join: an unseen category finds no row, and gets the last bin below.
        select = select.join(aliased(self._names["categories"], name), on=exp.and_(*match), join_type="left")
        known = exp.func("COALESCE", column(name, "bin"), _number(axis.bins.count - 1))
        # As a double: the values of all axes meet in one CASE, which has one type.
        return select, exp.Case().when(exp.not_(value.copy().is_(exp.null())), double(known))

    def _axes(self) -> None:
        """A row for each axis of each customer, beside the root of the axis."""
        value = exp.Case(this=column("cuts", "axis"))
        for axis in self._lookups.axes:
            value = value.when(_number(axis.number), column("coded", f"axis_{axis.number}"))
        select = exp.select(*kept("coded", "id", "segment"), *kept("cuts", "axis", "term"), named(value, "value"))
        # One row per customer and axis, so that all axes are searched by the same two joins, however many there are.
        select = select.from_(self._builder.read("coded")).join(aliased(self._names["cuts"], "cuts"), join_type="cross")
        self._add("axes", select.where(column("cuts", "block").eq(_number(ROOT))))

    def _blocks(self) -> None:
        """Which block of cuts the value belongs to."""
        block = _number(1) + self._passed("axes", "cuts")
        select = exp.select(*kept("axes", "id", "segment", "axis", "term", "value"), named(block, "block"))
        root = [column("cuts", "axis").eq(column("axes", "axis")), column("cuts", "block").eq(_number(ROOT))]
        joined = select.from_(self._builder.read("axes")).join(aliased(self._names["cuts"], "cuts"), on=exp.and_(*root))
        self._add("blocks", joined)

    def _bins(self) -> None:
        """Which bin, within the block."""
        # Full blocks before this one hold `width` cuts each.
        before = exp.paren(column("blocks", "block") - _number(1)) * _number(self._lookups.width)
        # A missing value passes no key in either step, as nothing compares with NULL: it is asked for by itself.
        missing = column("blocks", "value").is_(exp.null())
        bin = exp.Case().when(missing, _number(MISSING)).else_(_number(1) + before + self._passed("blocks", "cuts"))
        select = exp.select(*kept("blocks", "id", "segment", "axis", "term"), named(bin, "bin"))
        same = [column("cuts", name).eq(column("blocks", name)) for name in ("axis", "block")]
        joined = select.from_(self._builder.read("blocks")).join(
            aliased(self._names["cuts"], "cuts"), on=exp.and_(*same)
        )
        self._add("bins", joined)

    def _passed(self, of: str, keys: str) -> exp.Expr:
        """How many keys are not above the value: one equal to a cut belongs above it. Missing keys are the last."""
        value = column(of, "value")

        def between(least: int, most: int) -> exp.Expr:
            # Binary search within a row of keys, written out as nested CASEs.
            if least == most:
                return _number(least)
            middle = (least + most + 1) // 2
            reached = value >= column(keys, f"key_{middle}")
            return exp.Case().when(reached, between(middle, most)).else_(between(least, middle - 1))

        return between(0, self._lookups.width)

    def _sums(self) -> None:
        """A row for each customer again: points of the terms of one axis, and the bins that pairs need."""
        bin, points = column("bins", "bin"), column("points", "points")
        columns = [
            *kept("bins", "id"),
            named(exp.Min(this=column("bins", "segment")), "segment"),  # a text would make Spark sort
            named(exp.Count(this=exp.Star()), "row_count"),
            named(exp.Count(this=points), "terms"),
            named(exp.Sum(this=points), "points"),
        ]
        for axis in self._shared:
            # Of the rows of a customer only that of the axis has a value here, so the maximum picks it.
            mine = exp.Case().when(column("bins", "axis").eq(_number(axis)), bin.copy())
            columns.append(named(exp.Max(this=mine), f"bin_{axis}"))
        select = exp.select(*columns).from_(self._builder.read("bins"))
        select = self._with_points(select, "points", column("bins", "term"), bin.copy(), _number(NONE))
        self._builder.add("sums", select.group_by(column("bins", "id")))

    def _with_points(self, select: exp.Select, name: str, *place: exp.Expr) -> exp.Select:
        same = [column(name, key).eq(at) for key, at in zip(("term", "bin_1", "bin_2"), place, strict=True)]
        return select.join(aliased(self._names["points"], name), on=exp.and_(*same), join_type="left")

    def _scores(self) -> None:
        """The log-odds: intercept, terms and pairs."""
        axes, alone = len(self._lookups.axes), sum(axis.term is not None for axis in self._lookups.axes)
        # An id that occurs twice has twice as many rows: it gets no score, as in `explain score`.
        once = column("sums", "row_count").eq(_number(axes))
        total: exp.Expr = self._dialect.literal(self._model.scorecard.intercept) + column("sums", "points")
        select = exp.select(*kept("sums", "id")).from_(self._builder.read("sums"))
        for pair in self._lookups.pairs:
            # A join for each pair: here, and not among the axes, a customer has both bins in one row.
            name = f"pair_{pair.term}"
            select = self._with_points(select, name, _number(pair.term), *_bins_of(pair))
            total = total + column(name, "points")
        # A term without points had a value that cannot be: then the sum would be too small, so there is none.
        complete = exp.and_(once, column("sums", "terms").eq(_number(alone)))
        select = select.select(
            named(exp.Case().when(once.copy(), column("sums", "segment")), "segment"),
            named(exp.Case().when(complete, total), "logit"),
        )
        self._builder.add("scores", select)

    def _chances(self) -> None:
        """The logistic function, by the half that cannot overflow."""
        logit = column("scores", "logit")
        # exp of a large positive number overflows; of a large negative one it is 0.
        small = self._dialect.exponential(exp.Neg(this=exp.Abs(this=logit)))
        share = exp.paren(double(_number(1)) + small)
        chance = (
            exp.Case()
            .when(logit >= _number(0), exp.Div(this=double(_number(1)), expression=share))
            .else_(exp.Div(this=small.copy(), expression=share.copy()))
        )
        select = exp.select(*kept("scores", "id", "segment", "logit"), named(chance, "probability"))
        self._builder.add("chances", select.from_(self._builder.read("scores")))

    def _add(self, name: str, select: exp.Select) -> None:
        self._builder.add(name, select, keep=self._dialect.inlines_subqueries)


def _bins_of(pair: PairTerm) -> tuple[exp.Column, exp.Column]:
    return column("sums", f"bin_{pair.first}"), column("sums", f"bin_{pair.second}")


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value)
