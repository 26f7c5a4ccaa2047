"""The country's trust list: its ceremony, what provinces and courts hand in, and the publisher of the whole."""
