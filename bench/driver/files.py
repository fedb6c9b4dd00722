"""Files that are there whole or as they were before: what took hours to measure is not lost to an interrupt or a full disk."""

import os


def write_whole(path, text):
    beside = f"{path}.tmp{os.getpid()}"
    try:
        with open(beside, "w") as file:
            file.write(text)
        os.replace(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.remove(beside)
        raise
