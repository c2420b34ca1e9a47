"""What tests lean on: images, registries, recorders, daemons. It knows Docker and the operating system, and nothing of app/."""
