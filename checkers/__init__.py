"""How we know: engines over any system of the modelling language; they never heard of what it models."""
