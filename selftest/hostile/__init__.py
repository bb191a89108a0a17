"""Submissions that cheat, crash and bomb, each in a folder of its own, and what the grader is to say about it.

``python -m selftest.hostile`` grades them all as a user would. In a folder, ``expected.json`` tells the verdict; the
phase's file holds nothing but the attack: it takes the rest from ``solved``, the solution, and ``reach`` leads past
the static rules, because the wall is under test here.
"""
