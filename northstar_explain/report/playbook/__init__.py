"""The playbook: cover, overview, one page a segment, and what stands behind them; as PDF and as one HTML page."""

from northstar_explain.report.playbook.facts import playbook_facts
from northstar_explain.report.playbook.plan import Plan, read_plan
from northstar_explain.report.playbook.plan_check import check_plan
from northstar_explain.report.playbook.write_playbook import Written, write_playbook

__all__ = ["Plan", "Written", "check_plan", "playbook_facts", "read_plan", "write_playbook"]
