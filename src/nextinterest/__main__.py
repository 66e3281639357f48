"""``python -m nextinterest`` is the console command."""

from nextinterest.cli import main

if __name__ == "__main__":
    main()
