"""How much a layer tells rows or tokens apart."""
