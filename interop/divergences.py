MAKER='divergence'
def add_to(e): ...
def compare(a,complete): return []
def rows(a): return []
