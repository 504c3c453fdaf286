"""rsvpbot reads the replies to an invitation, records them, and answers with the logistics each person needs."""
