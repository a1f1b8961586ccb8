"""Tests of the room that parses the files of users."""
