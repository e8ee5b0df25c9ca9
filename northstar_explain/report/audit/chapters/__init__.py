"""The chapters of the audit report, each made of typed blocks."""
