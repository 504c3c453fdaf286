"""The wire and the format: IMAP, SMTP, parsing, screening, and who is writing."""
