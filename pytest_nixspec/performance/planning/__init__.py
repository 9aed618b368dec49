"""What a model will take, before it is loaded."""
