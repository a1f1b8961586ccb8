"""Tests of importer/web/table."""
