"""Call code while torch makes tensors elsewhere than where the inputs are, as on a machine with an accelerator."""

from __future__ import annotations

from typing import Any

import torch


def with_another_default(function: Any, *args: Any, **kwargs: Any) -> Any:
    """``function(...)`` where a tensor that is made without ``device=`` is not on the CPU, as the arguments are."""
    with torch.device("meta"):
        return function(*args, **kwargs)
