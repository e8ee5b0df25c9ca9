"""The playbook: cover, overview, one page per segment, method and glossary; as PDF and as one HTML page."""

from northstar_explain.report.playbook.facts import playbook_facts
from northstar_explain.report.playbook.plan import Plan, read_plan
from northstar_explain.report.playbook.plan_check import check_plan
from northstar_explain.report.playbook.plays import Line, Play, plays_of
from northstar_explain.report.playbook.write_plan import write_plan
from northstar_explain.report.playbook.write_playbook import WrittenPlaybook, write_playbook

__all__ = [
    "Line", "Plan", "Play", "WrittenPlaybook", "check_plan", "playbook_facts", "plays_of", "read_plan", "write_plan",
    "write_playbook",
]  # fmt: skip
