"""Audiences: files of customers for e-mail tools and ad platforms, and where a customer occurs in outputs."""
