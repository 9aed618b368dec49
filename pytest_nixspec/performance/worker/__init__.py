"""What runs in the processes that models are loaded in; nothing else may import it, or MLX."""
