"""The project's own mesh on one machine: see README.md beside this file."""
