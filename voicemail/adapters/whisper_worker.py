"""The process in which faster-whisper runs: a line of JSON in, a line of JSON out.

Run as a file, with the folder of the model as its argument. It never imports the program, and the
program never imports it.
"""

import json
import sys


def main() -> None:
    """Load the model, then answer until standard input ends."""
    from faster_whisper import WhisperModel

    model = WhisperModel(sys.argv[1], device="cpu", compute_type="int8", local_files_only=True)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            segments, _ = model.transcribe(asked["wav"], language=asked["language"])
            answer = {"text": " ".join(segment.text.strip() for segment in segments)}
        except Exception as fault:  # an engine may raise anything, and goes on with the next sound
            answer = {"error": f"{type(fault).__name__}: {fault}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
