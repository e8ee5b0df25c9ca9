"""Building blocks of documents: typed blocks, SVG drawing, and typesetting HTML as tagged PDF."""
