"""The process that runs what a person wrote, and the end of it that faces the referee."""
