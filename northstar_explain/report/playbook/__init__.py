"""The playbook: cover, overview, one page per segment, method and glossary; as PDF and as one HTML page."""

from northstar_explain.report.playbook.facts import playbook_facts
from northstar_explain.report.playbook.plan import Plan, read_plan
from northstar_explain.report.playbook.plan_check import check_plan
from northstar_explain.report.playbook.write_playbook import WrittenPlaybook, write_playbook

__all__ = ["Plan", "WrittenPlaybook", "check_plan", "playbook_facts", "read_plan", "write_playbook"]
