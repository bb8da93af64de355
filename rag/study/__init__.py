"""Learning the notes: cards made of them, when each is due, cards for other programs, and a week at a glance."""
