"""How it is learned: the space, KMeans, distilling into rules, the EBM and its compilation into points."""
