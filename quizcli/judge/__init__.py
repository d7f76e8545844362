"""Code questions are judged here: what a person wrote runs in a process of its own and is compared."""
