"""The codes of the wire: whatever the protocol answers has a sentence for a person."""

import re
from pathlib import Path

from shared.protocol import codes

_CODE = re.compile(r'"((?:envelope|frame|epoch)\.[a-z_]+)"')


def test_every_code_of_the_protocol_is_explained() -> None:
    sources = [path.read_text() for path in Path(codes.__file__).parent.glob("*.py") if path.name != "codes.py"]
    used = {code for source in sources for code in _CODE.findall(source)}
    assert used
    assert used <= set(codes.WIRE_CODES)


def test_each_says_what_happened_and_what_to_do() -> None:
    for code, (happened, hint) in codes.WIRE_CODES.items():
        assert happened.endswith("."), code
        assert hint.endswith("."), code
