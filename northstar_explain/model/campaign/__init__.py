"""Campaigns as data: the money at stake, whom a plan contacts, and what a campaign earned."""
