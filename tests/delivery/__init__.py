"""Tests of the room where records could be doubled or lost."""
