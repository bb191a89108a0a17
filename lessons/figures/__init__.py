"""The figures of the lessons: one module a phase, ``phase1`` to ``phase6``.

Such a module has two names. ``measure()`` runs the phase's experiments with the reference solutions and returns plain
numbers; they are kept in ``measured/phase<N>.json``, where the lessons take their figures from. ``FIGURES`` maps the
name of a file to a function ``(measured, lang)`` that draws it. Measuring takes seconds to minutes, drawing does not.
"""
