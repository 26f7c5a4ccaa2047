"""What people do with a case: each step checks the rules, asks the workflow, and writes the register at once."""
