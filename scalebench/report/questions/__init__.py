"""What a reader asks, one class per question: the answer in words, its numbers, its figure."""
