"""What a wheel is that has the library inside: one for a platform, and for any Python 3, as none was compiled for."""

import shutil
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel


class WithLibrary(Distribution):
    def has_ext_modules(self) -> bool:
        return True


class Wheel(bdist_wheel):
    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", self.plat_name

    def egg2dist(self, egginfo_path: str, distinfo_path: str) -> None:
        super().egg2dist(egginfo_path, distinfo_path)
        sboms = Path(distinfo_path) / "sboms"
        sboms.mkdir()
        shutil.copy("oss_upload.cdx.json", sboms)


setup(distclass=WithLibrary, cmdclass={"bdist_wheel": Wheel})
