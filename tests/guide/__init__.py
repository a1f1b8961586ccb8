"""Tests of the guide's own code."""
