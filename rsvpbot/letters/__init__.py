"""Letters to invitees: from templates to messages, and the outbox that sends them."""
