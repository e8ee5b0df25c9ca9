"""Packs and model folders checked by every program available."""
