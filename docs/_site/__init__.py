"""What the site is made of besides its pages: lists of public objects, generated pages, checks of what was built."""
