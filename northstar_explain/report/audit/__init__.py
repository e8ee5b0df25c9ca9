"""The audit pack: everything that a model claims, with what is needed to check it without trusting us."""
