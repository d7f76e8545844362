"""Demonstrations: events, the catalogue of answers, the worker and its launcher, device and data."""
