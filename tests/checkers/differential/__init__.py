"""One system, several readings: they must agree."""
