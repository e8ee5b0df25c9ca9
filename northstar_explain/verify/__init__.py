"""Packs and model folders checked by every program there is."""
