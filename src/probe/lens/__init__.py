"""What the output head would say of every layer, in one pass of the trunk."""
