"""Commands killed and failed at every step of publishing, and fed with broken bytes: `make torture`.

No part of the test suite, as it takes half an hour; `tests/test_torture.py` runs a small sample of it.
"""
