"""`python -m actlab` is the `actlab` command."""

from __future__ import annotations

import sys

from actlab.cli import main

if __name__ == "__main__":
    sys.exit(main())
