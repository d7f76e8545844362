"""What a card shows: question, answer, solution, verdict, prediction; lists and statistics of cards."""
