"""``trace``: the lessons' worked examples, run step by step through a learner's code, beside the lessons' numbers.

``phase<N>.py`` holds, for every task, what is asked of the code and what the lesson says (``EXAMPLES``); where a lesson
gives shapes alone, the numbers are worked out by hand, as the suite's first tests do. ``example.py`` says what such a
definition is, ``follow.py`` runs it behind the wall, ``names.py`` evaluates its expressions, ``values.py`` compares and
writes down numbers, ``table.py`` prints.

A step says what was observed, and no more: what a call returned; what its answer tells of a number on the way (scores
from the logarithms of weights); what a part that the contract names was given and gave while the learner's own
``forward`` ran. How the code gets there is the learner's: such an inner step counts only where the answer is wrong.
"""
