"""The memo that compares segments and probabilities: a chapter is a function of the model that returns blocks."""
