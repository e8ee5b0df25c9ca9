"""Reading the customers and writing a file of scores with PyArrow, and nothing between: what no scorer can be below.

Call: floor.py CUSTOMERS OUT
"""

import sys

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

customers, out = sys.argv[1:]
table = parquet.read_table(customers)
rows = np.arange(table.num_rows, dtype=np.int32)
said = [f"{n} to {n + 1} days since the last visit raised it" for n in range(1500)]
reasons = [
    pa.DictionaryArray.from_arrays(pa.array((rows * np.int32(step)) % 1500), pa.array(said)) for step in (7, 11, 13)
]
segment = pa.DictionaryArray.from_arrays(pa.array(rows % 4), pa.array(["S1", "S2", "S3", "S4"]))
probability = pa.array((rows + 0.5) / len(rows))
names = ["customer_id", "segment_id", "probability", "reason_1", "reason_2", "reason_3"]
scores = pa.table([table["customer_id"], segment, probability, *reasons], names=names)
csv.write_csv(scores, out)
