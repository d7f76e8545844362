"""One judgement: cases asked, results compared, known mistakes recognized."""
