"""The command `explain`: parse, call, print, exit."""

from northstar_explain.cli.main import main

__all__ = ["main"]
