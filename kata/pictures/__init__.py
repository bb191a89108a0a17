"""The pictures: ``show`` draws them from a learner's code, ``train`` from what it has measured.

``phase<N>.py`` holds a tuple ``PICTURES``. Each picture computes its data (``data``: plain arrays, from the learner's
code) apart from drawing it (``draw``), so that a test can see whether a wrong implementation shows. ``training.py``
draws histories and alignments of a training; ``style.py`` and ``fonts.py`` say how everything looks.

Only the commands that draw import this package: matplotlib takes a second to import.
"""
