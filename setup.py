"""What pyproject.toml cannot say: the language packs are compiled when the package is built.

A daemon then loads a language in milliseconds and keeps none of the memory that compiling takes. Without the compiled
files, and wherever their sources have changed since, all works as well: the packs are compiled in memory.
"""

import os
import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
COMPILE = "import sys; from pathlib import Path; from rsvpbot.reading import pack; pack.compile_into(Path(sys.argv[1]))"


class WithPacks(build_py):
    def run(self) -> None:
        super().run()
        root = HERE if self.editable_mode else Path(self.build_lib)
        folder = root / "rsvpbot" / "reading" / "languages"
        path = os.pathsep.join([str(HERE), *filter(None, sys.path)])
        command = [sys.executable, "-c", COMPILE, str(folder)]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": path})  # noqa: S603 (code of our own)


setup(cmdclass={"build_py": WithPacks})
