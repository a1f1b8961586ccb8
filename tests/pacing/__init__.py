"""The allowance filled and never exceeded, by a simulated clock."""
