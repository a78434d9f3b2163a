"""Token prices, a project's own and the built-in ones, and what calls cost by them."""
