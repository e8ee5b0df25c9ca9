"""The command `explain` as a file, which is what spark-submit takes."""

from northstar_explain.cli import main

main()
