"""Limits: each has a unit and a sentence, and nothing else lives there."""

import re
from pathlib import Path

from shared import limits

SOURCE = Path(limits.__file__).read_text()


def test_every_bound_is_a_positive_number_with_its_unit_in_words() -> None:
    bounds = {name: value for name, value in vars(limits).items() if name.isupper()}
    assert bounds
    for name, value in bounds.items():
        assert isinstance(value, int | float), name
        assert value > 0, name
        assert re.search(rf"^{name}(: \w+)? = [^#]+  # \S.*", SOURCE, re.MULTILINE), f"{name} needs a comment that gives its unit"


def test_limits_import_nothing() -> None:
    assert not re.search(r"^(import|from) ", SOURCE, re.MULTILINE)
