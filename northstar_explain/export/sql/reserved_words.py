"""Words that a database does not take as a name unless they are quoted."""

from __future__ import annotations

_COMMON = """
abort action add after all alter always analyse analyze and anti any array as asc asof assert_rows_modified asymmetric
at attach authorization autoincrement before begin between bigint binary bit boolean both by cascade case cast char
character check coalesce collate collation column columns commit concurrently conflict constraint contains create
cross cube current current_catalog current_date current_role current_schema current_time current_timestamp
current_user database dec decimal default deferrable deferred define delete desc describe detach distinct do drop each
else end enum escape except exclude exclusive exists explain external extract fail false fetch filter first float
following for foreign freeze from full function generated glob global grant greatest group grouping grouping_id groups
hash having if ignore ilike immediate in index indexed initially inner inout insert instead int integer intersect
interval into is isnull join key lambda last lateral leading least left like limit local localtime localtimestamp
lookup map match materialized merge minus national natural nchar new no none normalize not nothing notnull null nullif
nulls numeric of offset on only or order others out outer over overlaps overlay partition pivot pivot_longer
pivot_wider placing plan position positional pragma preceding precision primary proto qualify query raise range real
recursive references regexp reindex release rename replace respect restrict returning revoke right rollback rollup row
rows savepoint select semi session_user set setof show similar smallint some start struct substring summarize
symmetric table tablesample temp temporary then ties time timestamp to trailing transaction treat trigger trim true
truncate try_cast tuple unbounded union unique unknown unnest unpack unpivot update user using vacuum values varchar
variadic verbose view virtual when where window with within without xmlattributes xmlconcat xmlelement xmlexists
xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
"""
_SNOWFLAKE = """
account all alter and any as asof between by case cast check column connect connection constraint create cross current
current_date current_time current_timestamp current_user database delete distinct drop else exists false following for
from full grant group gscluster having ilike in increment inner insert intersect into is issue join lateral left like
localtime localtimestamp minus natural not null of on or order organization qualify regexp revoke right rlike row rows
sample schema select set some start table tablesample then to trigger true try_cast union unique update using values
view when whenever where with
"""

# A name that is quoted without need is the same name wherever unquoted names keep their case or it is ignored, so one
# list serves these databases: DuckDB, PostgreSQL, SQLite, Spark and BigQuery together.
RESERVED = frozenset(_COMMON.split())
# Snowflake makes unquoted names upper case, so that there a name quoted without need is another one. After the list in
# its manual.
SNOWFLAKE = frozenset(_SNOWFLAKE.split())
