"""From events to rows, and from rows to answers: one file a question. Every row can be made again from the topic."""
