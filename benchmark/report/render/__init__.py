"""From a page to markdown, HTML and SVG; knows no run."""
