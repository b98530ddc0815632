"""Panel: counters in, first-year downloads out, every defect found, recorded and mended."""
