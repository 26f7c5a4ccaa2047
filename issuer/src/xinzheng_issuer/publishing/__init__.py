"""What the court publishes: status lists derived from the register, and the trust bundle around them."""
