"""The pages as a person meets them: in Chromium, with a keyboard, a mouse, and eyes of all kinds."""
