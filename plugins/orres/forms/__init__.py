"""What pages receive."""
