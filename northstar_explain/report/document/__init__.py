"""What documents are made of: blocks, drawings, and the way from HTML to tagged PDF."""
