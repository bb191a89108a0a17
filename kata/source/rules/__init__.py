"""The primitives rule: what a submission may not use, and where it does.

``table`` says what is forbidden, ``check`` finds it in source code.
"""

from .broken import RuleBroken
from .check import Finding, check_phase, forbidden_tasks

__all__ = ["Finding", "RuleBroken", "check_phase", "forbidden_tasks"]
