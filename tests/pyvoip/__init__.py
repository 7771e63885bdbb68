"""The pyVoIP line against a real registrar."""
