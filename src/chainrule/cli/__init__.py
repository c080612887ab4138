"""The command line. Modules load click and nothing slow; a command imports what it needs when it runs."""
