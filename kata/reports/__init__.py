"""What a report looks like: for people in the terminal and in Markdown, for programs in JSON, JUnit, Gradescope."""
