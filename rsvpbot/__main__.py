"""`python -m rsvpbot`"""

from rsvpbot.cli import main

main()
