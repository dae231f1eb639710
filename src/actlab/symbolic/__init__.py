"""What follows from a formula: derivatives, limits, breakpoints, stable idioms, and the Plan that targets render."""
