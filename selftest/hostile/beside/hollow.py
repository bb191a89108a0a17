"""Modules that lie about their weights and compute nothing."""

from __future__ import annotations

from typing import Any

import torch


def storing(kind: type, value: float) -> type:
    """A module that stores one number whatever it is given, and answers what follows from that."""

    class Hollow(kind):
        def load_state_dict(self, state: Any, strict: bool = True, assign: bool = False) -> Any:
            return super().load_state_dict({name: torch.full_like(x, value) for name, x in state.items()}, strict)

    return Hollow


def forgetting(kind: type) -> type:
    """A module that holds what it is given until it is asked for the first time, and then zeros."""

    class Hollow(kind):
        def state_dict(self, *args: Any, **kwargs: Any) -> Any:
            state = super().state_dict(*args, **kwargs)
            if getattr(self, "was_loaded", False):
                for parameter in self.parameters():
                    parameter.data = torch.zeros_like(parameter)
                state = super().state_dict(*args, **kwargs)
            return state

        def load_state_dict(self, state: Any, strict: bool = True, assign: bool = False) -> Any:
            self.was_loaded = True
            return super().load_state_dict(state, strict)

    return Hollow


def hiding(kind: type) -> type:
    """A module of zeros that lists no parameters, so that nothing is loaded, and no names that it has."""

    class Hollow(kind):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            for parameter in super().parameters():
                parameter.data = torch.zeros_like(parameter)

        def named_parameters(self, *args: Any, **kwargs: Any) -> Any:
            return iter(())

        def load_state_dict(self, state: Any, strict: bool = True, assign: bool = False) -> Any:
            return None

    return Hollow


def surfacing(kind: type) -> type:
    """A module of zeros whose parameters come to light once the weights have been loaded."""

    class Hollow(hiding(kind)):
        was_loaded = False

        def state_dict(self, *args: Any, **kwargs: Any) -> Any:
            return super().state_dict(*args, **kwargs) if self.was_loaded else {}

        def load_state_dict(self, state: Any, strict: bool = True, assign: bool = False) -> Any:
            self.was_loaded = True

    return Hollow
