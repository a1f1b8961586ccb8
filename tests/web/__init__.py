"""Tests of the pages: the defences, the path from a file to its results, what a browser shows."""
