"""The proof of accuracy: every kernel against two references that share nothing with it.

`bounded` computes in float64 with the C library's functions and a bound of its own error, fast enough for all 2^32
numbers of float32; `exact` settles in arbitrary precision what that bound leaves open. `python -m actlab.verification`
measures, `accuracy.csv` is the record, and the tests fail where a kernel is worse than its record.
"""
