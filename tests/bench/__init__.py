"""The bench: how fast the product is beside the raw limit of what it stands on. See docs/benchmarks.md."""
