"""The machinery of Transformer Kata: course map, loading, running, rules, scoring and reports."""

__version__ = "0.2.0"
