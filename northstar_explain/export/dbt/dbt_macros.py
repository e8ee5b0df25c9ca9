"""The SQL files of a dbt package: macros with the model's statements, models and tests that call them."""

from __future__ import annotations

from northstar_explain.contract.relations import BROKEN
from northstar_explain.export.dbt.dbt_seeds import GOLDEN, ROW, Seed, golden_columns
from northstar_explain.export.sql.jinja_sql import column_sql, jinja_text, scores_jinja, segments_jinja, text_sql
from northstar_explain.export.sql.relation_sql import relation_lines
from northstar_explain.export.sql.score_sql import KEYS
from northstar_explain.export.sql.segment_sql import comment, segment_lines
from northstar_explain.export.sql.trait_sql import trait_lines
from northstar_explain.model.learned_model import Model

SNAPSHOT = "snapshot_date"
_BROKEN_TEST = "few_customers_break_a_relation"
CUSTOMERS = "customers_at_snapshot"
_GIVEN = "cast('{{ var('snapshot_date') }}' as date)"
# Each adapter's way to replace the rows of a day.
_BY_DAY = {
    "bigquery": (
        "incremental_strategy='insert_overwrite', partition_by={'field': 'snapshot_date', 'data_type': 'date'}"
    ),
    "spark": "incremental_strategy='insert_overwrite', partition_by=['snapshot_date'], file_format='parquet'",
}
# What only few customers of a day may have: in words, and as the case of a sum.
_UNSCORED_ROWS = (
    "have no segment or no score: a value is missing that by the contract\n-- never is, or an id occurs twice",
    "segment_id is null or probability is null then 1 else 0",
)
_BROKEN_ROWS = (
    "break a relation of the contract: a join or an export may be wrong",
    f"{BROKEN} is null then 0 else 1",
)
_DELETE_AND_INSERT = "incremental_strategy='delete+insert', unique_key='snapshot_date'"


def sql_files(model: Model, to: str, seeds: dict[str, Seed], most_without: float) -> dict[str, str]:
    """Path within the package to text of each SQL file.

    Parameters
    ----------
    model : Model
    to : str
        One of `DIALECTS`.
    seeds : dict
        As `dbt_seeds.seeds` gives them.
    most_without : float
        Share of customers without a score, 0 to 1, above which a test fails.
    """
    relations = (
        {f"tests/{_BROKEN_TEST}.sql": _few_test(*_BROKEN_ROWS, most_without)} if model.contract.relations else {}
    )
    return {
        "macros/northstar.sql": _macros(model, to, seeds),
        f"models/{CUSTOMERS}.sql": _customers(model, to),
        "models/segments.sql": _segments(model),
        "models/scores.sql": _scores(model, to),
        "tests/golden_rows_score_the_same.sql": _golden_test(model, to, seeds[GOLDEN]),
        "tests/customers_have_one_score_a_day.sql": _once_test(model, to),
        "tests/few_customers_have_no_score.sql": _few_test(*_UNSCORED_ROWS, most_without),
        **relations,
        "tests/probabilities_are_0_to_1.sql": _range_test(),
    }


def _macros(model: Model, to: str, seeds: dict[str, Seed]) -> str:
    lookups = {kind: _ref(seeds[kind].name) for kind in KEYS}
    snapshot = model.contract.snapshot
    # Where rows say their day, it is theirs; otherwise the day of the run, unless one is given.
    day = f"(select max(cast({column_sql(snapshot, to)} as date)) from {{{{ customers }}}})" if snapshot else (
        "cast('{{ var('snapshot_date', run_started_at.strftime('%Y-%m-%d')) }}' as date)"
    )  # fmt: skip
    renamed = ", ".join(f"{seed} as {column_sql(name, to)}" for name, seed in golden_columns(model).items())
    return f"""{{# The statements of model {model.id}, as `explain sql` writes them. #}}

{{% macro northstar_segments(customers) %}}
{segments_jinja(model, to, "{{ customers }}")}
{{% endmacro %}}

{{% macro northstar_scores(customers) %}}
{scores_jinja(model, to, "{{ customers }}", lookups)}
{{% endmacro %}}

{{% macro northstar_day(customers) %}}{day}{{% endmacro %}}

{{% macro northstar_customers() -%}}
  {{%- if var('customers_model', none) -%}}
    {{{{ return(ref(var('customers_model'))) }}}}
  {{%- else -%}}
    {{{{ return(source('northstar', 'customers')) }}}}
  {{%- endif -%}}
{{%- endmacro %}}

{{% macro northstar_golden() -%}}
(select {jinja_text(renamed)} from {_ref(seeds[GOLDEN].name)})
{{%- endmacro %}}
"""


def _customers(model: Model, to: str) -> str:
    text = "-- The customers of the day that is scored.\nselect * from {{ northstar_customers() }}\n"
    if not model.contract.snapshot:
        return text
    day = f"cast({column_sql(model.contract.snapshot, to)} as date)"
    return f"""{text}where {day} =
  {{% if var('snapshot_date', none) %}}{_GIVEN}
  {{% else %}}(select max({day}) from {{{{ northstar_customers() }}}})
  {{% endif %}}
"""


def _segments(model: Model) -> str:
    lines = [f"The segment of each customer, by model {model.id}.", *segment_lines(model), *trait_lines(model.contract)]
    lines += relation_lines(model.contract)
    return f"{jinja_text(comment(lines))}{{{{ northstar_segments(ref('{CUSTOMERS}')) }}}}\n"


def _scores(model: Model, to: str) -> str:
    lines = [
        f"The score of each customer on each day, by the model of that day; now by {model.id}.",
        "A day that is scored again is replaced, all others stay.",
    ]
    how = _BY_DAY.get(to, _DELETE_AND_INSERT)
    # The day comes last, as Spark wants of a column that partitions.
    return f"""{{{{ config(materialized='incremental', {how}, on_schema_change='append_new_columns') }}}}
{comment(lines)}select
  scored.*,
  {text_sql(model.id, to)} as model_id,
  {{{{ northstar_day(ref('{CUSTOMERS}')) }}}} as {SNAPSHOT}
from (
{{{{ northstar_scores(ref('{CUSTOMERS}')) }}}}
) as scored
"""


def _golden_test(model: Model, to: str, golden: Seed) -> str:
    return f"""-- Golden rows whose score in this database is not the one that they must have.
select golden.{ROW}, golden.expected_segment, golden.expected_probability
from {_ref(golden.name)} as golden
left join (
{{{{ northstar_scores(northstar_golden()) }}}}
) as scored on scored.{column_sql(model.contract.id, to)} = golden.{ROW}
where coalesce(scored.segment_id, '') <> golden.expected_segment
  or scored.probability is null
  or abs(scored.probability - golden.expected_probability) > 1e-9
"""


def _once_test(model: Model, to: str) -> str:
    return f"""-- Customers with several scores on one day.
select {column_sql(model.contract.id, to)}, {SNAPSHOT}
from {_ref("scores")}
group by {column_sql(model.contract.id, to)}, {SNAPSHOT}
having count(*) > 1
"""


def _few_test(too_many: str, case: str, most: float) -> str:
    return f"""-- Days on which too many customers {too_many}.
select {SNAPSHOT}
from {_ref("scores")}
group by {SNAPSHOT}
having sum(case when {case} end)
  > {{{{ var('most_without_score', {most!r}) }}}} * count(*)
"""


def _range_test() -> str:
    return f"""-- Probabilities that are none.
select probability from {_ref("scores")} where not (probability >= 0 and probability <= 1)
"""


def _ref(name: str) -> str:
    return f"{{{{ ref('{name}') }}}}"
