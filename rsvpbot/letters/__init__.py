"""Letters to invitees: from a template in the invitee's language to a mail that waits in the outbox, and out."""
