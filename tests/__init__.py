"""The tests of holdfast, as a package, so that they can share generators and the plain search."""
