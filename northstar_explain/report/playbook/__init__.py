"""The playbook: cover, all segments, a page each, whom to contact first, rules, method and glossary; and its summary."""

from northstar_explain.report.playbook.plan import Plan, read_plan
from northstar_explain.report.playbook.write_playbook import WrittenPlaybook, write_playbook

__all__ = ["Plan", "WrittenPlaybook", "read_plan", "write_playbook"]
