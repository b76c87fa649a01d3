"""Reporting: the status of a PdfJob and the Events about it, rendered from a decision. Pure."""
