"""The version of the toolkit, said once."""

VERSION = "0.2.0"
