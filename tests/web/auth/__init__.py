"""Tests of who uses the pages."""
