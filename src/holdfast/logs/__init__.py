"""Logs of implementations: how they are read, and how their words become the model's."""
