"""Text in lines: Markdown, code, and where a line of mixed Chinese and English breaks."""
