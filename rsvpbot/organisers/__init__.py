"""What the organisers read: the daily summary, and lists of guests."""
