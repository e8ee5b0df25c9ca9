"""Reports: facts from a model folder, as charts and pages."""
