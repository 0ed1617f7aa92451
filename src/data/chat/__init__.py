"""Conversations: records as messages, messages as text, and which parts of it are answers."""
