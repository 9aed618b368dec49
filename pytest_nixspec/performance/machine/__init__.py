"""The machine that models run on: what it is, and whether it is fit to measure."""
