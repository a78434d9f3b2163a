"""Actions: checks that published specifications describe, run on calls, with their results as feedback."""
