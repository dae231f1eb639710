"""The experiment behind `actlab compare`."""

from actlab.experiment.run import compare as compare
from actlab.experiment.settings import DEFAULT_ACTIVATIONS as DEFAULT_ACTIVATIONS
from actlab.experiment.settings import DEFAULT_DATA as DEFAULT_DATA
