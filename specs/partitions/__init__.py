"""Partition migration: both hypervisors side by side, what passes between them, and what the old one leaves."""
