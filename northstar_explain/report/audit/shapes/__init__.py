"""The shapes of features and pairs: facts, labels, plots and words."""
