"""The record of invitees, replies, letters and handled messages."""
