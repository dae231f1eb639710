"""The command line: one file per command, each parses, calls one function of the library and prints."""

from __future__ import annotations

from actlab.cli.main import main as main
