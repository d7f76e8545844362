"""`quizcli doctor`: what this machine can do."""
