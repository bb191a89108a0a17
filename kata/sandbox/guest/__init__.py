"""The guest's side: loads the submission and answers requests."""
