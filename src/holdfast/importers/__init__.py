"""What other programs say about a cluster: each gives the text of a cluster file and never guesses silently."""
