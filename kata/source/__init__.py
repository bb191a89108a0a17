"""A learner's files read, not run. No torch."""
