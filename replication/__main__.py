"""Entry point of ``python -m replication``."""

if __name__ == "__main__":
    from replication.cli.app import main  # here, as further processes import this module too

    main()
