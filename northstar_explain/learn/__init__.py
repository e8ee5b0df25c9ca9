"""How it is learnt: the space, KMeans, distilling into rules, the EBM and its compilation into points."""
