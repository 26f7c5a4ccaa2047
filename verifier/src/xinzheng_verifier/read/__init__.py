"""From bytes to what they claim to be: detection of the form and strict reading."""
