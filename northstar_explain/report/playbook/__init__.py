"""The playbook: cover, all segments, a page each, whom to contact first, rules, method, glossary; and its summary."""

from northstar_explain.report.playbook.plan import Plan, read_plan
from northstar_explain.report.playbook.plan_check import check_plan
from northstar_explain.report.playbook.plays import Line, Play, plays_of
from northstar_explain.report.playbook.write_plan import write_plan
from northstar_explain.report.playbook.write_playbook import WrittenPlaybook, write_playbook

__all__ = [
    "Line", "Plan", "Play", "WrittenPlaybook", "check_plan", "plays_of", "read_plan", "write_plan", "write_playbook",
]  # fmt: skip
