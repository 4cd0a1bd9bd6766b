"""Who acts, and in which units the model counts."""

from __future__ import annotations

from .language import Actor, Role, Unit

pages = Unit("pages")
"""Frames of 4 KiB."""

formats = Unit("format")
"""Hand-off format numbers: what one hypervisor writes and another one reads."""

versions = Unit("version")
"""Virtual hardware versions: what a VM needs, and what hypervisors offer."""

times = Unit("times")
"""How often a fault may still strike."""

OPERATOR = Actor("operator", Role.PLANNED)
HYPERVISOR = Actor("hypervisor", Role.AUTOMATIC)
SCHEDULER = Actor("scheduler", Role.AUTOMATIC)
GUEST = Actor("guest", Role.ENVIRONMENT)
TENANT = Actor("tenant", Role.ENVIRONMENT)
FAULT = Actor("fault", Role.FAULT)
CHANCE = Actor("chance", Role.ENVIRONMENT)
