"""The parts of ``python grader.py watch``: noticing saves, reading keys, running phases, what the screen says.

None of them imports torch: the sessions that do are processes of their own (``kata.grading.session_client``).
"""
