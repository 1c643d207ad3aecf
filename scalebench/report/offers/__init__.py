"""Questions of a purchase, one file per question: the answer in words, its numbers, its figure."""
