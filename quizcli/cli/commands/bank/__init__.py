"""`quizcli bank`: for people who write questions."""
