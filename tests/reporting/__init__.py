"""Tests of importer.reporting."""
