"""What people type about the fund."""
