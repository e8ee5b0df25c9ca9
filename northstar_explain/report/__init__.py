"""How it is told: facts from a model folder, charts, and pages."""
