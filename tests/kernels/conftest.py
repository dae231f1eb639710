"""An empty cache folder, for tests that ask for one."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder; it does not exist yet."""
    monkeypatch.setenv("ACTLAB_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"
