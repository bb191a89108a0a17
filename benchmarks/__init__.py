"""Speed, as ratios against something that runs side by side. Nothing here is a test."""
