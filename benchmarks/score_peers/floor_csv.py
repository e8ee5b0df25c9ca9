"""Reading customers from CSV and writing the very scores of `explain score` as CSV with PyArrow, nothing between.

Call: floor_csv.py CUSTOMERS SCORES_ARROW OUT
"""

import sys

import pyarrow as pa
from pyarrow import csv

customers, scores, out = sys.argv[1:]
table = csv.read_csv(customers)
csv.write_csv(pa.ipc.open_file(pa.memory_map(scores)).read_all(), out)
