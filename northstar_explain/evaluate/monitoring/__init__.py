"""Scoring runs watched: drift, performance expected before outcomes are known, and performance once they are."""
