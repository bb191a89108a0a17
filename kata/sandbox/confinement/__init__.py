"""What a guest may not do, and how that is enforced."""
