"""How good it is: the segments against KMeans, the purchase model against outcomes."""
