"""Where data come from: bundled by name, generated, or the user's own files, frames and arrays."""

from actlab.experiment.sources.bundled import NAMES as NAMES
from actlab.experiment.sources.bundled import TABLE as TABLE
from actlab.experiment.sources.load import load_all as load_all
