"""Commands for GitHub in capitals, for Azure and for TeamCity, so placed that a line breaks before them."""

from __future__ import annotations

from .solved import *  # noqa: F403

TEXT = "\n".join(
    " " * shift + command
    for shift in (0, 70)
    for command in ("::" + ":" * 71 + "ERROR::x", "x::Stop-Commands::x", "##vso[task.complete result=Succeeded;]x",
                    "x ##teamcity[buildStatus status='SUCCESS']")
)  # fmt: skip


def position_shift_matrix(offset, d_model):
    print(TEXT)
    raise ValueError(TEXT)
