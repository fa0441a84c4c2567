"""The crates that are linked into the library or another package, as Cargo resolves them for this machine."""

import json
import subprocess
from typing import NamedTuple


class Crate(NamedTuple):
    """What Cargo says of it, and the crates that it needs, by their ids."""

    package: dict
    needs: list[str]


def of_rustc(field):
    version = output("rustc", "--version", "--verbose")
    return next(line.split()[1] for line in version.splitlines() if line.startswith(f"{field}:"))


def linked(name="oss-upload"):
    """The package, and then the crates that are linked, by their ids: not those that only build, test, or run in the compiler."""
    command = ["cargo", "metadata", "--locked", "--format-version=1", "--filter-platform", of_rustc("host")]
    metadata = json.loads(output(*command))
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    found = {}
    rest = [id for id, package in packages.items() if package["name"] == name]
    while rest:
        id = rest.pop()
        if id not in found:
            needs = [needed["pkg"] for needed in nodes[id]["deps"] if is_linked(needed, packages)]
            found[id] = Crate(packages[id], needs)
            rest += needs
    return found


def is_linked(needed, packages):
    in_the_compiler = any("proc-macro" in target["kind"] for target in packages[needed["pkg"]]["targets"])
    return not in_the_compiler and any(kind["kind"] is None for kind in needed["dep_kinds"])


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
