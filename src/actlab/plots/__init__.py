"""Pictures: each a pure data function and a draw function that puts the data on axes it is given."""
