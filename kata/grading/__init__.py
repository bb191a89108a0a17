"""From a folder to a score, in the grader's own process. No torch."""
