"""Monitoring as data: runs compared, performance expected of them, and what fired."""
