"""Holdfast: proves a hypervisor exchange safe before anybody runs it, or shows exactly how it goes wrong."""
