"""Pages as markdown, HTML and SVG. Nothing in here knows a run."""
