"""Reporting: `reporter` writes the status once per pass, and posts an Event when it holds news."""
