"""Machine code on the CPU: the words, the cache of compiled kernels, and the loops over arrays of any layout."""
