"""Columns split between parties: vertical federated learning."""
