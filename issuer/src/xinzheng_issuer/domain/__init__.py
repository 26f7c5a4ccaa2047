"""The trade: the workflow of one certificate and the rules of the court. No I/O, no framework."""
