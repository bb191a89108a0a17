"""What crosses between host and guest: frames, values, exceptions. Data only."""
