"""Say in words how far a score can be trusted: what the wall held back on this system, and what it did not."""

from __future__ import annotations

from ..i18n import text

# What a reader wants to know, and any of which limits make it hold.
CONFINED = (
    ("held_reading", ("reading of other files",)),
    ("held_writing", ("writing outside the scratch folder", "writing of files")),
    ("held_network", ("the network", "new network connections")),
    ("held_processes", ("new processes",)),
    ("held_signals", ("signals to other processes",)),
    ("held_memory", ("limit of address space",)),
    ("held_cpu", ("limit of CPU time",)),
    ("held_root", ("root's rights",)),
)


def in_words(held: list[str] | None, lang: str) -> str:
    """The sentences of the report.

    Args:
        held: what the wall held back, as the guests told; None if no guest was needed.
        lang: ``"en"`` or ``"ja"``.
    """
    if held is None:
        return text("trust_not_run", lang)
    yes = [text(key, lang) for key, limits in CONFINED if any(limit in held for limit in limits)]
    no = [text(key, lang) for key, limits in CONFINED if not any(limit in held for limit in limits)]
    if "TCP" in held and text("held_network", lang) in no:  # Landlock knows of no other connections
        yes.append(text("held_tcp", lang))
    comma = "、" if lang == "ja" else ", "
    words = text("trust_wall", lang, held=comma.join(yes) or "-")
    return words + (text("trust_lacking", lang, lacking=comma.join(no)) if no else "")
