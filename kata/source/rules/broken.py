"""What is raised where a submission breaks the rule."""


class RuleBroken(Exception):
    """A task uses what the rules forbid; its tests are not run."""
