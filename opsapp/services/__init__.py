"""What a click or a command does, in one transaction, per area."""
