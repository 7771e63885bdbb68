"""`python -m telephony.media`: started by MediaProcess, of no use by itself."""

from telephony.media.beat import main

if __name__ == "__main__":
    main()
