"""Implementations to be judged. The foreign ones were written from public descriptions, and know nothing of the model."""
