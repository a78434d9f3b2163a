"""Calls: recording, reading, deleting."""
