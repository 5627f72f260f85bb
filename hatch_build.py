"""Builds the Python stubs of our protos into gen/: when the project is installed, and by `python -m hatch_build`.

google/api and google/rpc are only read as includes here: their Python modules come from googleapis-common-protos.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
GENERATED_PACKAGES = ("buf", "volunteer_hours")


def protos_to_compile(root: Path) -> list[str]:
    """The proto files we make Python for, as paths relative to their include folder."""
    ours = sorted((root / "protos" / "volunteer_hours").rglob("*.proto"))
    return ["buf/validate/validate.proto", *(str(path.relative_to(root / "protos")) for path in ours)]


def compile_protos(root: Path, target: Path) -> None:
    """Run protoc with its Python, gRPC and typing plugins; raises RuntimeError with protoc's words."""
    plugins = Path(sys.executable).parent
    missing = [name for name in ("protoc-gen-mypy", "protoc-gen-mypy_grpc") if not (plugins / name).exists()]
    if missing:
        raise RuntimeError(f"{', '.join(missing)} not found in {plugins}: `make .venv` installs mypy-protobuf there")
    well_known = resources.files("grpc_tools") / "_proto"
    with_services = [
        name
        for name in protos_to_compile(root)
        if name.startswith("volunteer_hours/")
        and re.search(r"^service\s", (root / "protos" / name).read_text("utf-8"), re.MULTILINE)
    ]
    includes = [f"-I{root / 'protos'}", f"-I{root / 'third_party'}", f"-I{well_known}"]
    protoc = [sys.executable, "-m", "grpc_tools.protoc", *includes]
    messages = [
        f"--python_out={target}",
        f"--plugin=protoc-gen-mypy={plugins / 'protoc-gen-mypy'}",
        f"--mypy_out=quiet:{target}",
    ]
    services = [
        f"--grpc_python_out={target}",
        f"--plugin=protoc-gen-mypy_grpc={plugins / 'protoc-gen-mypy_grpc'}",
        f"--mypy_grpc_out=quiet:{target}",
    ]
    runs = [[*protoc, *messages, *protos_to_compile(root)]]
    if with_services:
        runs.append([*protoc, *services, *with_services])
    for command in runs:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"protoc refused the protos:\n{done.stderr}")


def build_stubs(root: Path = ROOT) -> Path:
    """Make gen/ anew and return it. A failing build leaves the stubs of the last good one in place."""
    generated = root / "gen"
    generated.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=generated, prefix=".new-") as folder:
        compile_protos(root, Path(folder))
        for package in GENERATED_PACKAGES:
            shutil.rmtree(generated / package, ignore_errors=True)
            if (Path(folder) / package).exists():
                (Path(folder) / package).rename(generated / package)
    return generated


class StubBuildHook(BuildHookInterface[Any]):
    """Hatchling calls this before a wheel, an sdist or an editable install is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the stubs and, for a real wheel, take them in as top-level packages."""
        generated = build_stubs(Path(self.root))
        if self.target_name == "wheel" and version == "standard":
            for package in GENERATED_PACKAGES:
                if (generated / package).exists():
                    build_data["force_include"][str(generated / package)] = package


if __name__ == "__main__":
    print(f"stubs built in {build_stubs()}")
