"""`python -m halfopen` is the command `halfopen`."""

from halfopen.cli.main import main

if __name__ == "__main__":
    main()
