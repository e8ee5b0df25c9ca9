"""Jinja2 and CSS: display only, no arithmetic."""
