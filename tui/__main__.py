"""Run the command line: ``python -m repowright.tui``."""

from repowright.tui.cli import main

if __name__ == "__main__":
    main()
