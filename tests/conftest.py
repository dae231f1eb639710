"""The folder of helper modules: tests import `contract.checks`, and --import-mode=importlib adds no folder itself."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
