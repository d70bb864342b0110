"""The release this code belongs to.

What lives here: one name. It stands in pyproject.toml too; the tidy test holds both together.
"""

VERSION = "0.3.0"
