"""Plans: a system whose planned actors only do what a plan says, and the proof that it goes well at real sizes.

`product.follow` makes the product of a system and a plan, in the same language. `verify.verify` decides it: control is
enumerated, quantities are symbolic.
"""
