"""What is done with the legs of calls: ringing, connecting, transferring, parking."""
