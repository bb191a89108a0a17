"""What the suites share: how they judge, what every task also faces, how inputs are drawn, and a module a phase."""
