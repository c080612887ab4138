"""Where tables come from: files on a disk, behind a URL or in a pipe, several of them, datasets and lazy frames."""
