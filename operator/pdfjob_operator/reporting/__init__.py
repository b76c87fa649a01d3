"""Reporting: `reporter` writes the status once per reconciliation, and an Event if it is news."""
