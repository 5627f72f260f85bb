"""Impact reports: what is hidden of them, their texts and their files. Pure but for the libraries that write files."""
