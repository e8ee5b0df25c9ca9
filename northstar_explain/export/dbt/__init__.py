"""The model as a dbt package, so that a warehouse scores its customers on each day and tests what it did."""

from northstar_explain.export.dbt.dbt_folder import WrittenDbt, write_dbt

__all__ = ["WrittenDbt", "write_dbt"]
