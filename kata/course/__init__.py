"""What the course is: phases, tasks, tests per task, hints, stubs. Data, no torch."""
