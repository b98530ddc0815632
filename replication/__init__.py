"""Reproduce and audit the published shares of open-model downloads by country."""

__version__ = "0.6.0"
