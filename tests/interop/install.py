"""`python -m tests.interop.install`: brings each pg-boss into a folder of its own."""

from __future__ import annotations

from benchmarks.environments import CannotInstall, install_packages
from tests.interop.node import PACKAGES


def main() -> None:
    for folder in sorted(PACKAGES.iterdir()):
        try:
            install_packages(folder)
        except CannotInstall as error:
            print(f"{folder.name} cannot be installed, its tests are skipped: {error}")


if __name__ == "__main__":
    main()
