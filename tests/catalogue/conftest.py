"""A failing check shows its values: pytest rewrites the assertions of the rules, too."""

import pytest

pytest.register_assert_rewrite("catalogue")
