"""The conformance gate: walks, the protocol, hostile programs, foreign implementations, and what the gate says of them."""
