"""Campaigns planned under a budget, and read against their control group."""
