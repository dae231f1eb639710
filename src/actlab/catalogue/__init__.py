"""The activation functions, as data: one decorated function each, one file a family.

Adding a function means adding it to a family file; everything else follows from its formula. Statements are
true and short: a test demands a check for every one of them (`tests/catalogue`).
"""

from actlab.catalogue.exponentials import *  # noqa: F403 - the import enters them; no list repeats them
from actlab.catalogue.gates import *  # noqa: F403
from actlab.catalogue.groups import *  # noqa: F403
from actlab.catalogue.rectifiers import *  # noqa: F403
from actlab.catalogue.sigmoids import *  # noqa: F403
