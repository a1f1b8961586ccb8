"""Tests of the stages, from a file to its report."""
