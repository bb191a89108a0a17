"""A notebook a phase and language, made from the phase's stub and lesson: ``python -m notebooks`` writes them anew."""
