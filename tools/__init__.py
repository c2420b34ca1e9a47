"""What the Makefile calls: set-up, start, demonstration. The application imports nothing from here."""
